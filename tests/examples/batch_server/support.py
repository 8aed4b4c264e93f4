# SPDX-License-Identifier: Apache-2.0
"""What the tests of the example batch_server stand on.

usage of each test file: FILE CASE SERVER SCRIPTS_FOLDER SCRATCH_FOLDER
Every function test_<case> is one test. Exit code 77: it can't be run here.
"""
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

CASE, SERVER, SCRIPTS, SCRATCH = sys.argv[1:5]
# A blank in the name: paths must survive one.
FOLDER = tempfile.mkdtemp(prefix="batch server %s." % CASE, dir=SCRATCH)
REGION = "eu-central-1"
ACCOUNT = "123456789012"
ARN = "arn:aws:batch:%s:%s:" % (REGION, ACCOUNT)
SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/%s/batch/"
    "aws4_request, SignedHeaders=host, Signature=0" % REGION
}
STEPPED_START = 1767225600000
SKIPPED = 77


def skip(reason):
    print("skipped: " + reason)
    finish(SKIPPED)


class Server:
    """A server on a port of its own, loopback only."""

    running = []

    def __init__(self, *flags):
        self.output = os.path.join(FOLDER, "output-%d" % len(Server.running))
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [SERVER, "--port=0", "--account=" + ACCOUNT, *flags],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TMPDIR": FOLDER},
            )
        Server.running.append(self)
        wait_for("the server to listen", lambda: "at http://" in self.said())
        self.port = int(self.said().split("at http://")[1].split()[0].split(":")[1])
        self.url = "http://127.0.0.1:%d" % self.port

    def said(self):
        if self.process.poll() not in (None, 0):
            raise AssertionError("the server ended: " + open(self.output).read())
        return open(self.output).read()

    def ask(self, method, target, body=None, headers=None, timeout=60):
        """Status, headers and body of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def call(self, operation, request=None, status=200, query=""):
        """What an operation answers, as JSON."""
        body = json.dumps(request or {})
        got, headers, answer = self.ask(
            "POST", "/v1/" + operation.lower() + query, body, SIGNED
        )
        assert got == status, "%s: %d %r" % (operation, got, answer)
        assert headers["x-amzn-requestid"], operation
        return json.loads(answer)

    def refusal(self, operation, request=None):
        """The message of the error that it must answer."""
        answer = self.call(operation, request, 400)
        assert answer["__type"] == "ClientException", answer
        return answer["message"]

    def advance(self, **how):
        """Moves stepped time. Answers what happened."""
        status, _, body = self.ask("POST", "/_embatch/advance", json.dumps(how))
        assert status == 200, body
        return json.loads(body)

    def stop(self, code=0):
        self.process.send_signal(signal.SIGTERM)
        got = self.process.wait(30)
        assert got == code, "exit code %d: %s" % (got, open(self.output).read())


def wait_for(what, condition, seconds=60):
    """Until `condition` answers something; that is the answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    raise AssertionError("waited in vain for " + what)


def make_queue(server, queue="q", environment="c", query="", **policy):
    """A MANAGED environment and a queue on it, both VALID."""
    server.call(
        "CreateComputeEnvironment",
        {
            "computeEnvironmentName": environment,
            "type": "MANAGED",
            "computeResources": {
                "type": "EC2",
                "minvCpus": 0,
                "maxvCpus": 256,
                "instanceTypes": ["optimal"],
                "subnets": ["subnet-1"],
                "securityGroupIds": ["sg-1"],
                "instanceRole": "ecsInstanceRole",
            },
        },
        query=query,
    )
    server.call(
        "CreateJobQueue",
        {
            "jobQueueName": queue,
            "priority": 1,
            "computeEnvironmentOrder": [
                {"order": 1, "computeEnvironment": environment}
            ],
            **policy,
        },
    )


def register(server, name, command, environment=None, **more):
    server.call(
        "RegisterJobDefinition",
        {
            "jobDefinitionName": name,
            "type": "container",
            "containerProperties": {
                "image": "none",
                "command": command,
                "environment": [
                    {"name": key, "value": value}
                    for key, value in (environment or {}).items()
                ],
                "resourceRequirements": [
                    {"type": "VCPU", "value": "1"},
                    {"type": "MEMORY", "value": "64"},
                ],
            },
            **more,
        },
    )


def submit(server, name, definition, queue="q", **more):
    """The job's id."""
    request = {"jobName": name, "jobQueue": queue, "jobDefinition": definition}
    return server.call("SubmitJob", {**request, **more})["jobId"]


def describe(server, job):
    return server.call("DescribeJobs", {"jobs": [job]})["jobs"][0]


def wait_for_status(server, job, *statuses, seconds=60):
    """The job, once its status is one of these."""

    def look():
        detail = describe(server, job)
        return detail if detail["status"] in statuses else None

    return wait_for("%s of %s" % (statuses, job), look, seconds)


def expect(got, wanted):
    assert got == wanted, "got %r; wanted %r" % (got, wanted)


def expect_in(part, whole):
    assert part in whole, "%r is not in %r" % (part, whole)


def finish(code):
    for server in Server.running:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        if code not in (0, SKIPPED):
            sys.stderr.write(open(server.output).read())
    if code in (0, SKIPPED):
        shutil.rmtree(FOLDER, ignore_errors=True)
    sys.exit(code)


def main(functions):
    """Runs the test that the command line names."""
    try:
        functions["test_" + CASE]()
    except Exception as error:  # pylint: disable=broad-except
        import traceback

        traceback.print_exc()
        print("FAILED: %s" % error)
        finish(1)
    finish(0)
