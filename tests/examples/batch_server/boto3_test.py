# SPDX-License-Identifier: Apache-2.0
"""boto3, as it is, against the server. (It has no waiters for AWS Batch.)"""
import threading
import time

from support import (
    REGION,
    Server,
    expect,
    expect_in,
    main,
    make_queue,
    register,
    skip,
)

try:
    import boto3
    import botocore
    from botocore.config import Config
except ImportError:
    skip("there is no boto3; Debian's package is python3-boto3")

SESSION = boto3.session.Session(
    aws_access_key_id="any", aws_secret_access_key="any", region_name=REGION
)


def client_of(server, **config):
    return SESSION.client("batch", endpoint_url=server.url, config=Config(**config))


def test_error_classes():
    server = Server("--backend=simulated")
    batch = client_of(server)
    requests = []
    batch.meta.events.register("before-send.batch", lambda **more: requests.append(1))
    try:
        batch.submit_job(jobName="j", jobQueue="nosuch", jobDefinition="d")
        raise AssertionError("it was submitted")
    except batch.exceptions.ClientException as error:
        expect(error.response["Error"]["Code"], "ClientException")
        expect_in("nosuch", error.response["Error"]["Message"])
        metadata = error.response["ResponseMetadata"]
        expect(metadata["HTTPStatusCode"], 400)
        assert metadata["RequestId"]
    expect(len(requests), 1)  # who is told of a mistake does not try again
    answer = batch.describe_job_queues()
    assert answer["ResponseMetadata"]["RequestId"]


def test_retries():
    server = Server("--backend=simulated")
    batch = client_of(server, retries={"total_max_attempts": 2, "mode": "standard"})
    batch.describe_job_queues()
    server.stop()
    requests = []
    batch.meta.events.register("before-send.batch", lambda **more: requests.append(1))
    try:
        batch.describe_job_queues()
        raise AssertionError("somebody answered")
    except botocore.exceptions.BotoCoreError:
        expect(len(requests), 2)


def test_kept_connections():
    # A client that pauses for longer than the server keeps a connection.
    server = Server("--backend=simulated")
    batch = client_of(server)
    for pause in 0, 5, 6:
        time.sleep(pause)
        batch.describe_job_queues()


def test_paginators():
    server = Server("--backend=simulated", "--clock=stepped")
    make_queue(server)
    register(server, "d", ["true"])
    for i in range(5):
        register(server, "e%d" % i, ["true"])
        server.call(
            "CreateJobQueue",
            {
                "jobQueueName": "p%d" % i,
                "priority": 1,
                "computeEnvironmentOrder": [{"order": 1, "computeEnvironment": "c"}],
            },
        )
    batch = client_of(server)
    array = batch.submit_job(
        jobName="a", jobQueue="q", jobDefinition="d", arrayProperties={"size": 23}
    )["jobId"]
    for i in range(23):
        batch.submit_job(jobName="j%02d" % i, jobQueue="q", jobDefinition="d")

    def all_of(operation, member, size, **arguments):
        pages = batch.get_paginator(operation).paginate(
            PaginationConfig={"PageSize": size}, **arguments
        )
        return [item for page in pages for item in page[member]]

    jobs = "list_jobs", "jobSummaryList"
    expect(len(all_of(*jobs, 10, jobQueue="q", jobStatus="RUNNABLE")), 23)
    children = all_of(*jobs, 7, arrayJobId=array, jobStatus="RUNNABLE")
    expect([c["arrayProperties"]["index"] for c in children], list(range(23)))
    named = [{"name": "JOB_NAME", "values": ["J1*"]}]
    expect(len(all_of(*jobs, 3, jobQueue="q", filters=named)), 10)
    expect(len(all_of("describe_job_queues", "jobQueues", 1)), 6)
    expect(len(all_of("describe_job_definitions", "jobDefinitions", 4)), 6)
    expect(len(all_of("describe_compute_environments", "computeEnvironments", 1)), 1)


def test_many_clients():
    # 64 clients at once for ten seconds.
    server = Server("--backend=simulated")
    make_queue(server)
    register(server, "d", ["true"])
    clients = [client_of(server, retries={"max_attempts": 0}) for _ in range(64)]
    counts, errors = [0] * 64, []
    end = time.monotonic() + 10

    def work(number):
        batch = clients[number]
        try:
            while time.monotonic() < end:
                name = "j-%d-%d" % (number, counts[number])
                job = batch.submit_job(jobName=name, jobQueue="q", jobDefinition="d")
                found = batch.describe_jobs(jobs=[job["jobId"]])["jobs"]
                expect([detail["jobName"] for detail in found], [name])
                counts[number] += 1
        except Exception as error:  # pylint: disable=broad-except
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(errors, [])
    assert min(counts) > 0, counts
    print("%d jobs" % sum(counts))
    server.stop()


main(globals())
