# SPDX-License-Identifier: Apache-2.0
"""The AWS CLI, as it is, against the server."""
import json
import os
import re
import shutil
import subprocess
import urllib.parse

import tour
from support import (
    FOLDER,
    REGION,
    SCRIPTS,
    SIGNED,
    Server,
    expect,
    expect_in,
    main,
    make_queue,
    register,
    skip,
    wait_for_status,
)

# Debian's own before any other.
AWS = shutil.which("aws", path="/usr/bin:" + os.environ.get("PATH", ""))
if AWS is None:
    skip("there is no AWS CLI; Debian's package is awscli")

VARIABLES = {
    **os.environ,
    "AWS_ACCESS_KEY_ID": "any",
    "AWS_SECRET_ACCESS_KEY": "any",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.path.join(FOLDER, "none"),
    "AWS_SHARED_CREDENTIALS_FILE": os.path.join(FOLDER, "none"),
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_PAGER": "",
    "PYTHONIOENCODING": "utf-8",
}
# What the CLI says of an operation that is newer than itself.
UNKNOWN = "Invalid choice"


def run(server, *arguments):
    """Exit code, output and errors of `aws batch ...`."""
    done = subprocess.run(
        [AWS, "--endpoint-url", server.url, "batch", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=VARIABLES,
        timeout=60,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def aws(server, *arguments):
    """What the CLI prints, as JSON."""
    code, output, errors = run(server, *arguments)
    assert code == 0, "%s: %s%s" % (" ".join(arguments), output, errors)
    return json.loads(output) if output.strip() else {}


def test_rainbow():
    # The five commands that README.md begins with.
    bucket = os.path.join(FOLDER, "bucket")
    os.makedirs(os.path.join(bucket, "run"))
    colors = ["red", "orange", "yellow", "green", "blue", "indigo", "violet"]
    with open(os.path.join(bucket, "run", "color.txt"), "w") as file:
        file.write("".join(color + "\n" for color in colors))
    server = Server()
    aws(
        server,
        *("create-compute-environment", "--compute-environment-name", "laptop"),
        *("--type", "MANAGED", "--compute-resources"),
        "type=EC2,minvCpus=0,maxvCpus=16,instanceTypes=optimal,subnets=s,"
        "securityGroupIds=g,instanceRole=r",
    )
    aws(
        server,
        *("create-job-queue", "--job-queue-name", "rainbow", "--priority", "1"),
        *("--compute-environment-order", "order=1,computeEnvironment=laptop"),
    )
    container = {
        "image": "none",
        "vcpus": 1,
        "memory": 64,
        "command": [os.path.join(SCRIPTS, "color.sh"), "run"],
        "environment": [{"name": "BUCKET", "value": bucket}],
    }
    aws(
        server,
        *("register-job-definition", "--job-definition-name", "color"),
        *("--type", "container", "--container-properties", json.dumps(container)),
    )
    same = "--job-queue", "rainbow", "--job-definition", "color"
    color = aws(
        server, "submit-job", "--job-name", "color", *same, "--array-properties", "size=7"
    )["jobId"]
    mycolor = aws(
        server,
        *("submit-job", "--job-name", "mycolor", *same),
        *("--depends-on", "jobId=" + color, "--container-overrides"),
        json.dumps({"command": [os.path.join(SCRIPTS, "mycolor.sh"), "run"]}),
    )["jobId"]
    wait_for_status(server, mycolor, "SUCCEEDED", "FAILED")
    with open(os.path.join(bucket, "mycolor")) as file:
        expect(
            file.read(),
            "".join("My favorite color of the rainbow is %s.\n" % c for c in colors),
        )
    detail = aws(server, "describe-jobs", "--jobs", color)["jobs"][0]
    expect(detail["status"], "SUCCEEDED")
    expect(detail["arrayProperties"]["statusSummary"]["SUCCEEDED"], 7)
    child = aws(server, "describe-jobs", "--jobs", color + ":3")["jobs"][0]
    log = server.ask("GET", "/_embatch/logs/" + child["container"]["logStreamName"])
    expect((log[0], log[2]), (200, b"Line 4 is green.\n"))


def kebab(operation):
    letters = ["-" + c.lower() if c.isupper() else c for c in operation]
    return "".join(letters).lstrip("-")


def raw(server, operation, request):
    """An operation without a client."""
    if operation not in ("TagResource", "UntagResource", "ListTagsForResource"):
        return server.call(operation, request)
    path = "/v1/tags/" + urllib.parse.quote(request["resourceArn"], safe="")
    keys = [("tagKeys", key) for key in request.get("tagKeys", [])]
    method = {"T": "POST", "L": "GET", "U": "DELETE"}[operation[0]]
    status, _, body = server.ask(
        method, path + "?" + urllib.parse.urlencode(keys), json.dumps(request), SIGNED
    )
    expect((operation, status), (operation, 200))
    return json.loads(body)


def take(server, through):
    """Goes on the tour. What `through` does not know, and answers None to, is
    asked without a client."""
    seen = {}
    for operation, request, check in tour.steps(seen):
        answer = through(server, operation, request)
        if answer is None:
            answer = raw(server, operation, request)
        try:
            check(answer)
        except Exception:
            print("in %s, which answered %s" % (operation, answer))
            raise
        seen[operation] = answer
    expect(len(seen), 45)


def test_tour():
    known = set()  # once the CLI has said what it knows
    carried_out = set()

    def through(server, operation, request):
        command = kebab(operation)
        if known and command not in known:
            return None
        code, output, errors = run(
            server, command, "--cli-input-json", json.dumps(request)
        )
        if UNKNOWN in errors:
            known.update(re.findall("[a-z]+(?:-[a-z]+)+", errors))
            known.discard(command)
            return None
        if "Unknown parameter" in errors:
            return None  # a member that is newer than the CLI
        assert code == 0, "%s: %s" % (operation, errors)
        carried_out.add(operation)
        return json.loads(output) if output.strip() else {}

    take(Server("--backend=simulated", "--clock=stepped"), through)
    print("%d operations through this CLI" % len(carried_out))
    assert len(carried_out) >= 24, carried_out  # those of the oldest CLI 2


def test_tour_without_a_client():
    server = Server("--backend=simulated", "--clock=stepped")
    take(server, raw)


def test_errors():
    server = Server("--backend=simulated")
    code, _, errors = run(
        server,
        *("submit-job", "--job-name", "j", "--job-queue", "nosuch"),
        *("--job-definition", "d"),
    )
    assert code in (254, 255), code
    expect_in("An error occurred (ClientException) when calling the SubmitJob", errors)
    expect_in("nosuch", errors)


def test_pages():
    server = Server("--backend=simulated", "--clock=stepped")
    make_queue(server)
    register(server, "d", ["true"])
    submit = {"jobQueue": "q", "jobDefinition": "d"}
    for i in range(7):
        server.call("SubmitJob", {"jobName": "j%d" % i, **submit})
    listed = aws(
        server,
        *("list-jobs", "--job-queue", "q", "--job-status", "RUNNABLE"),
        *("--page-size", "2"),
    )["jobSummaryList"]
    expect(sorted(job["jobName"] for job in listed), ["j%d" % i for i in range(7)])
    part = aws(
        server,
        *("list-jobs", "--job-queue", "q", "--job-status", "RUNNABLE"),
        *("--page-size", "2", "--max-items", "3"),
    )
    expect(len(part["jobSummaryList"]), 3)
    expect_in("NextToken", part)


main(globals())
