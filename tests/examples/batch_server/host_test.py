# SPDX-License-Identifier: Apache-2.0
"""The server as a host of AWS Batch's API: time, fates, logs, its end.

Needs no client of AWS's.
"""
import json
import os
import re
import signal
import subprocess
import time

from support import (
    FOLDER,
    REGION,
    SCRIPTS,
    SERVER,
    SIGNED,
    STEPPED_START,
    Server,
    describe,
    expect,
    expect_in,
    main,
    make_queue,
    register,
    skip,
    submit,
    wait_for,
    wait_for_status,
)

SIMULATED = ("--backend=simulated", "--clock=stepped", "--allow-reset")


def environment(**variables):
    return {
        "containerOverrides": {
            "environment": [
                {"name": "EMBATCH_SIM_" + name, "value": value}
                for name, value in variables.items()
            ]
        }
    }


def test_health():
    server = Server(*SIMULATED)
    status, headers, body = server.ask("GET", "/_embatch/health")
    expect(status, 200)
    expect(headers["Content-Type"], "application/json")
    health = json.loads(body)
    expect(health["status"], "ok")
    expect(health["backend"], "simulated")
    expect(health["clock"], "stepped")
    expect(health["now"], STEPPED_START)
    expect_in("eu-central-1", health["regions"])


def test_stepped_time():
    server = Server(*SIMULATED, "--sim-boot-seconds=60", "--sim-start-seconds=2")
    make_queue(server)
    register(server, "d", ["true"])
    job = submit(server, "j", "d", **environment(SECONDS="10", REASON="done so"))
    expect(describe(server, job)["status"], "RUNNABLE")
    expect(server.advance(seconds=59)["now"], STEPPED_START + 59000)
    expect(describe(server, job)["status"], "RUNNABLE")
    # Exact: 60 s to boot, 2 s to start, 10 s to run.
    expect(server.advance(until=STEPPED_START + 62000)["now"], STEPPED_START + 62000)
    expect(describe(server, job)["startedAt"], STEPPED_START + 62000)
    server.advance(seconds=100.5)
    detail = describe(server, job)
    expect(detail["status"], "SUCCEEDED")
    expect(detail["stoppedAt"], STEPPED_START + 72000)
    expect(detail["container"]["exitCode"], 0)
    expect(detail["container"]["reason"], "done so")
    expect(server.advance(seconds=0)["events"], [])


def test_events():
    server = Server(*SIMULATED, "--sim-boot-seconds=60", "--sim-start-seconds=2")
    make_queue(server)
    register(server, "d", ["true"])
    job = submit(server, "j", "d", **environment(SECONDS="10"))
    array = submit(server, "a", "d", arrayProperties={"size": 2})
    # What happened to commands comes with the next answer.
    events = server.advance(seconds=0)["events"]
    expect(
        [(event["detail"]["jobName"], event["detail"]["status"]) for event in events],
        [("j", "RUNNABLE"), ("a", "RUNNABLE"), ("a", "RUNNABLE"), ("a", "PENDING")],
    )
    events = server.advance(seconds=100)["events"]
    expect(
        [
            (event["time"][11:19], event["detail"]["status"])
            for event in events
            if event["detail"]["jobId"] == job
        ],
        [("00:01:00", "STARTING"), ("00:01:02", "RUNNING"), ("00:01:12", "SUCCEEDED")],
    )
    expect([event["time"] for event in events], sorted(e["time"] for e in events))
    last = [event for event in events if event["detail"]["jobId"] == array][-1]
    expect(last["detail"]["status"], "SUCCEEDED")
    expect(last["source"], "aws.batch")
    expect(last["detail-type"], "Batch Job State Change")
    expect(last["region"], "eu-central-1")
    expect(last["account"], "123456789012")
    expect(last["resources"], [describe(server, array)["jobArn"]])
    expect(len({event["id"] for event in events}), len(events))
    expect(server.advance(seconds=0)["events"], [])


def test_events_of_several_regions():
    # EventBridge's consumers take two events of one id for one.
    path = os.path.join(FOLDER, "events")
    flags = "--backend=simulated", "--clock=100", "--events=" + path

    def run(server):
        make_queue(server)
        register(server, "d", ["true"])
        wait_for_status(server, submit(server, "j", "d"), "SUCCEEDED")

    first = Server(*flags)
    run(first)
    SIGNED["Authorization"] = SIGNED["Authorization"].replace(REGION, "us-east-1")
    run(first)
    first.stop()
    run(Server(*flags))
    events = [json.loads(line) for line in open(path)]
    expect(len(events), 12)
    expect(len({event["id"] for event in events}), 12)


def test_events_in_a_file():
    path = os.path.join(FOLDER, "events")
    server = Server("--backend=simulated", "--clock=100", "--events=" + path)
    make_queue(server)
    register(server, "d", ["true"])
    job = submit(server, "j", "d")
    wait_for_status(server, job, "SUCCEEDED")
    events = [json.loads(line) for line in open(path)]
    expect(
        [event["detail"]["status"] for event in events],
        ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"],
    )


def test_events_that_cannot_be_written():
    # A disk that is full, and then has room again.
    path = os.path.join(FOLDER, "events")
    kept = os.path.join(FOLDER, "kept")
    complaint = "--events is %s: can't be written; events are lost" % path
    os.symlink("/dev/full", path)
    server = Server(*SIMULATED, "--events=" + path)
    make_queue(server)
    register(server, "d", ["true"])
    for _ in range(3):
        submit(server, "lost", "d")
        expect(len(server.advance(seconds=100)["events"]), 4)
    expect(server.said().count(complaint), 1)
    os.symlink(kept, path + ".new")
    os.rename(path + ".new", path)
    submit(server, "kept", "d")
    expect(len(server.advance(seconds=100)["events"]), 4)
    with open(kept) as file:
        events = [json.loads(line) for line in file if line.strip()]
    expect([event["detail"]["jobName"] for event in events], ["kept"] * 4)
    expect(server.said().count(complaint), 1)


def test_bad_advances():
    server = Server(*SIMULATED)
    server.advance(seconds=10)
    for body, part in [
        ("", "until"),
        ("{", "until"),
        ("[]", "until"),
        ("{}", "until"),
        ('{"until":1,"seconds":1}', "until"),
        ('{"until":"x"}', 'until is "x"'),
        ('{"until":1.5}', "until is 1.5"),
        ('{"until":%d}' % (STEPPED_START + 9999), "must be between"),
        ('{"until":7258118400001}', "must be between"),
        ('{"until":9223372036854775807}', "must be between"),
        ('{"until":99999999999999999999}', "until is"),
        ('{"seconds":-1}', "seconds is -1"),
        ('{"seconds":1e300}', "must be between"),
        ('{"seconds":null}', "seconds is null"),
    ]:
        status, _, answer = server.ask("POST", "/_embatch/advance", body)
        expect((body, status), (body, 400))
        expect_in(part, json.loads(answer)["message"])
    expect(server.advance(seconds=0)["now"], STEPPED_START + 10000)
    expect(server.ask("GET", "/_embatch/advance")[0], 405)
    expect(server.ask("POST", "/_embatch/nothing")[0], 404)
    real = Server("--backend=simulated")
    status, _, answer = real.ask("POST", "/_embatch/advance", '{"seconds":1}')
    expect(status, 400)
    expect_in("--clock=stepped", json.loads(answer)["message"])


def test_reset():
    server = Server(*SIMULATED)
    make_queue(server)
    register(server, "d", ["true"])
    first = submit(server, "j", "d")
    server.advance(seconds=100)
    expect(server.ask("POST", "/_embatch/reset")[0], 200)
    expect(server.call("DescribeJobQueues")["jobQueues"], [])
    expect(server.call("DescribeJobs", {"jobs": [first]})["jobs"], [])
    expect(server.advance(seconds=0), {"now": STEPPED_START, "events": []})
    # With stepped time the same happens again, ids included.
    make_queue(server)
    register(server, "d", ["true"])
    expect(submit(server, "j", "d"), first)
    careful = Server("--backend=simulated")
    expect(careful.ask("POST", "/_embatch/reset")[0], 403)


def test_fates():
    server = Server(*SIMULATED)
    make_queue(server)
    register(server, "d", ["true"], retryStrategy={"attempts": 3})
    retried = submit(server, "r", "d", **environment(EXIT="7,9,0", SECONDS="5,6,7"))
    array = submit(
        server,
        "a",
        "d",
        arrayProperties={"size": 3},
        retryStrategy={"attempts": 1},
        **environment(EXIT_1="4", REASON_1="odd one", SECONDS="2"),
    )
    lost = submit(server, "l", "d", **environment(SECONDS="inf", STOP_SECONDS="5"))
    stubborn = submit(
        server, "s", "d", **environment(SECONDS="inf", STOP_SECONDS="1000")
    )
    nonsense = submit(
        server, "n", "d", retryStrategy={"attempts": 1}, **environment(EXIT="x")
    )
    server.advance(seconds=300)
    detail = describe(server, retried)
    expect(detail["status"], "SUCCEEDED")
    expect([a["container"]["exitCode"] for a in detail["attempts"]], [7, 9, 0])
    expect([a["stoppedAt"] - a["startedAt"] for a in detail["attempts"]], [5000, 6000, 7000])
    expect(describe(server, array)["status"], "FAILED")
    child = describe(server, array + ":1")
    expect(child["container"]["exitCode"], 4)
    expect(child["container"]["reason"], "odd one")
    expect(describe(server, array + ":2")["status"], "SUCCEEDED")
    failed = describe(server, nonsense)
    expect(failed["status"], "FAILED")
    expect_in('EMBATCH_SIM_EXIT is "x"', failed["container"]["reason"])
    for job, code in (lost, 143), (stubborn, 137):
        expect(describe(server, job)["status"], "RUNNING")
        server.call("TerminateJob", {"jobId": job, "reason": "enough"})
        server.advance(seconds=60)
        detail = describe(server, job)
        expect(detail["status"], "FAILED")
        expect(detail["statusReason"], "enough")
        expect(detail["container"]["exitCode"], code)


def test_target_with_a_query():
    server = Server(*SIMULATED)
    make_queue(server, environment="c", query="?x=1")
    register(server, "d", ["true"])
    job = submit(server, "j", "d")
    server.advance(seconds=100)
    expect(describe(server, job)["status"], "SUCCEEDED")


def test_instance_types():
    path = os.path.join(FOLDER, "types.json")
    types = [{"name": "tiny.one", "vcpus": 1, "memory": 100, "price": 0.01}]
    with open(path, "w") as file:
        json.dump(types, file)
    server = Server(*SIMULATED, "--sim-instance-types=" + path)
    make_queue(server)
    register(server, "d", ["true"])
    job = submit(server, "j", "d")
    large = {"type": "MEMORY", "value": "101"}
    never = submit(
        server, "n", "d", containerOverrides={"resourceRequirements": [large]}
    )
    server.advance(seconds=100)
    expect(describe(server, job)["status"], "SUCCEEDED")
    expect(describe(server, never)["status"], "RUNNABLE")


def test_speed():
    server = Server("--backend=simulated", "--clock=1000", "--sim-boot-seconds=60")
    make_queue(server)
    register(server, "d", ["true"])
    begin = time.monotonic()
    job = submit(server, "j", "d", **environment(SECONDS="600"))
    detail = wait_for_status(server, job, "SUCCEEDED")
    assert time.monotonic() - begin < 30
    assert detail["stoppedAt"] - detail["startedAt"] >= 600000


def test_regions_are_apart():
    server = Server(*SIMULATED, "--regions=eu-central-1,us-east-1")
    make_queue(server)  # signed for eu-central-1
    status, _, body = server.ask("POST", "/v1/describejobqueues", "{}")
    expect(status, 200)
    expect(len(json.loads(body)["jobQueues"]), 1)  # the first region
    for region, wanted in ("us-east-1", 200), ("mars-north-1", 400):
        signed = {"Authorization": "AWS4 Credential=A/1/%s/batch/x" % region}
        status, _, body = server.ask("POST", "/v1/describejobqueues", "{}", signed)
        expect(status, wanted)
        if status == 200:
            expect(json.loads(body)["jobQueues"], [])
        else:
            expect_in("mars-north-1", json.loads(body)["message"])


def test_real_processes():
    server = Server("--logs=" + os.path.join(FOLDER, "logs"))
    make_queue(server)
    register(server, "d", ["sh", "-c", "echo hello $AWS_BATCH_JOB_ID; exit 3"])
    job = submit(server, "j", "d")
    detail = wait_for_status(server, job, "FAILED")
    expect(detail["container"]["exitCode"], 3)
    stream = detail["container"]["logStreamName"]
    status, headers, body = server.ask("GET", "/_embatch/logs/" + stream)
    expect((status, body), (200, ("hello %s\n" % job).encode()))
    expect_in("text/plain", headers["Content-Type"])
    quoted = stream.replace("/", "%2F")
    expect(server.ask("GET", "/_embatch/logs/" + quoted)[0], 200)
    for wrong in "no/such/log", "..%2f..%2fetc%2fpasswd", "../../x", "", "%zz":
        status = server.ask("GET", "/_embatch/logs/" + wrong)[0]
        assert status in (400, 404), (wrong, status)


def process_exists(number):
    return os.path.exists("/proc/%d" % number)


def test_update_of_instance_types():
    # This machine is of whatever type the environment asks for now.
    server = Server()
    resources = {
        "type": "EC2",
        "allocationStrategy": "BEST_FIT_PROGRESSIVE",
        "minvCpus": 0,
        "maxvCpus": 256,
        "instanceTypes": ["m5.large"],
        "subnets": ["subnet-1"],
        "securityGroupIds": ["sg-1"],
        "instanceRole": "ecsInstanceRole",
    }
    server.call(
        "CreateComputeEnvironment",
        {
            "computeEnvironmentName": "c",
            "type": "MANAGED",
            "computeResources": resources,
        },
    )
    order = [{"order": 1, "computeEnvironment": "c"}]
    server.call(
        "CreateJobQueue",
        {"jobQueueName": "q", "priority": 1, "computeEnvironmentOrder": order},
    )
    register(server, "d", ["true"])
    wait_for_status(server, submit(server, "before", "d"), "SUCCEEDED")
    update = {
        "computeEnvironment": "c",
        "computeResources": {"instanceTypes": ["c5.large"]},
    }
    server.call("UpdateComputeEnvironment", update)
    wait_for_status(server, submit(server, "after", "d"), "SUCCEEDED")
    # Nor does it matter that a job ran meanwhile.
    register(server, "long", ["sleep", "2"])
    job = submit(server, "long", "long")
    wait_for_status(server, job, "RUNNING")
    update["computeResources"]["instanceTypes"] = ["optimal"]
    server.call("UpdateComputeEnvironment", update)
    last = submit(server, "last", "d")
    wait_for_status(server, job, "SUCCEEDED")
    # The machine is free, and at once of the new type.
    wait_for_status(server, last, "SUCCEEDED", seconds=10)


def test_stop_ends_all_jobs():
    server = Server()
    make_queue(server)
    pids = os.path.join(FOLDER, "pids")
    register(server, "d", ["sh", "-c", 'echo $$ >>"%s"; sleep 1000' % pids])
    jobs = [submit(server, "j%d" % i, "d") for i in range(3)]
    wait_for_status(server, jobs[0], "RUNNING")
    wait_for("a process", lambda: os.path.exists(pids) and open(pids).read())
    started = [int(line) for line in open(pids)]
    server.stop()
    for number in started:
        assert not process_exists(number), "a process is left"


def test_killed_server_leaves_no_process():
    server = Server()
    make_queue(server)
    pids = os.path.join(FOLDER, "pids")
    register(server, "d", ["sh", "-c", 'echo $$ >>"%s"; sleep 1000' % pids])
    submit(server, "j", "d")
    wait_for("a process", lambda: os.path.exists(pids) and open(pids).read())
    started = [int(line) for line in open(pids)]
    server.process.kill()
    server.process.wait()
    wait_for("their end", lambda: not any(map(process_exists, started)))


def test_bucket():
    bucket = os.path.join(FOLDER, "bucket")
    os.makedirs(os.path.join(bucket, "run"))
    trigger = os.path.join(FOLDER, "trigger.json")
    job = {"jobQueue": "q", "jobDefinition": "color"}
    rule = {
        "object": "color*",
        "jobs": [
            {**job, "jobName": "first", "arrayProperties": {"size": "{lines}"}},
            {
                **job,
                "jobName": "second",
                "dependsOn": [{"jobId": "{job.first}"}],
                "containerOverrides": {
                    "command": [os.path.join(SCRIPTS, "mycolor.sh"), "run"]
                },
            },
        ],
    }
    with open(trigger, "w") as file:
        json.dump([rule], file)
    region = "--regions=eu-central-1"
    server = Server("--bucket=" + bucket, "--trigger=" + trigger, region)
    make_queue(server)
    command = [os.path.join(SCRIPTS, "color.sh"), "run"]
    register(server, "color", command, {"BUCKET": bucket})
    for lines in ["red", "green", "blue"], ["violet"]:
        text = "".join(line + "\n" for line in lines)
        for old in os.listdir(os.path.join(bucket, "run")):
            os.remove(os.path.join(bucket, "run", old))
        with open(os.path.join(bucket, "run", "color.txt"), "w") as file:
            file.write(text)
        with open(os.path.join(FOLDER, "part"), "w") as file:
            file.write(text)
        os.rename(file.name, os.path.join(bucket, "color.txt"))
        wanted = "".join(
            "My favorite color of the rainbow is %s.\n" % line for line in lines
        )
        result = os.path.join(bucket, "mycolor")
        wait_for(
            "the result",
            lambda: os.path.exists(result) and open(result).read() == wanted,
        )
    # An array can't be empty: it is said, and the server goes on.
    open(os.path.join(bucket, "color.none"), "w").close()
    wait_for("the complaint", lambda: "bucket: color.none: first:" in server.said())
    expect(server.ask("GET", "/_embatch/health")[0], 200)


def test_more_puts_than_the_system_keeps():
    with open("/proc/sys/fs/inotify/max_queued_events") as file:
        kept = int(file.read())
    if kept > 50000:
        skip("the system keeps %d events" % kept)
    bucket = os.path.join(FOLDER, "bucket")
    os.makedirs(bucket)
    trigger = os.path.join(FOLDER, "trigger.json")
    job = {"jobName": "j", "jobQueue": "q", "jobDefinition": "d"}
    with open(trigger, "w") as file:
        json.dump([{"object": "*.txt", "jobs": [job]}], file)
    server = Server(
        "--backend=simulated",
        "--regions=eu-central-1",
        "--bucket=" + bucket,
        "--trigger=" + trigger,
    )
    make_queue(server)
    register(server, "d", ["true"])

    def put(name):
        open(os.path.join(bucket, name), "w").close()

    put("before.txt")
    wait_for("its job", lambda: "before.txt: j is" in server.said())
    time.sleep(0.1)
    server.process.send_signal(signal.SIGSTOP)
    for number in range(kept + 1000):
        put("%d.dat" % number)
    put("after.txt")
    server.process.send_signal(signal.SIGCONT)
    names = ["before.txt", "after.txt"]
    # While the server makes good for what was lost, more comes.
    for number in range(1000):
        names.append("x%d.txt" % number)
        put(names[-1])
        time.sleep(0.0005)

    def jobs():
        found = re.findall(r"(\w+\.txt): j is", server.said())
        return found if len(set(found)) == len(names) else None

    wait_for("their jobs", jobs)
    time.sleep(0.2)
    expect(sorted(jobs()), sorted(names))


def test_wrong_flags():
    empty = os.path.join(FOLDER, "empty.json")
    with open(empty, "w") as file:
        file.write("[]")
    for flags, part in [
        (["--backend=cloud"], "--backend is cloud"),
        (["--clock=never"], "--clock is never"),
        (["--clock=0"], "--clock is 0"),
        (["--clock=stepped"], "local"),
        (["--limits=some"], "--limits is some"),
        (["--port=70000"], "--port is 70000"),
        (["--vcpus=-1"], "--vcpus is -1"),
        (["--account=12"], "12"),
        (["--regions="], "--regions"),
        (["--backend=simulated", "--sim-boot-seconds=-1"], "--sim-boot-seconds"),
        (["--backend=simulated", "--sim-instance-types=" + empty], "empty.json"),
        (["--backend=simulated", "--sim-instance-types=/none"], "/none"),
        (["--bucket=/"], "--trigger"),
        (["--bucket=/", "--trigger=" + empty], "empty.json"),
        (["--bind=300.1.1.1"], "300.1.1.1"),
        (["--events=/no/such/folder"], "--events is /no/such/folder"),
        (["--no-such-flag"], "no_such_flag"),
        (["word"], "--help"),
    ]:
        run = subprocess.run(
            [SERVER, "--port=0", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=30,
            env={**os.environ, "TMPDIR": FOLDER},
        )
        expect((flags, run.returncode), (flags, 1))
        expect_in(part, run.stdout.decode())


def test_port_in_use():
    server = Server("--backend=simulated")
    run = subprocess.run(
        [SERVER, "--backend=simulated", "--port=%d" % server.port],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=30,
    )
    expect(run.returncode, 1)
    expect_in("can't listen", run.stdout.decode())


main(globals())
