# SPDX-License-Identifier: Apache-2.0
"""What others must not be able to do to the server, or through it."""
import json
import os
import socket

from support import (
    FOLDER,
    SIGNED,
    Server,
    expect,
    expect_in,
    main,
    make_queue,
    register,
    submit,
)


def refusal(server, target="/v1/describejobqueues", **headers):
    """Status and message of a request with these headers beside its signature."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    status, got, body = server.ask("POST", target, "{}", {**SIGNED, **named})
    answer = json.loads(body)
    if status == 403:
        expect(answer["__type"], "AccessDeniedException")
        assert got["x-amzn-requestid"]
    return status, answer.get("message", "")


def test_pages_in_a_browser():
    server = Server("--backend=simulated", "--clock=stepped")
    for target in "/v1/describejobqueues", "/_embatch/advance", "/_embatch/health":
        for headers, part in [
            ({"Origin": "http://evil.example"}, 'Origin is "http://evil.example"'),
            ({"Origin": "null"}, 'Origin is "null"'),
            ({"Sec_Fetch_Site": "cross-site"}, 'Sec-Fetch-Site is "cross-site"'),
            ({"Sec_Fetch_Site": "same-site"}, 'Sec-Fetch-Site is "same-site"'),
            ({"Host": "evil.example"}, 'Host is "evil.example"'),
            ({"Host": "evil.example:%d" % server.port}, "--allow-host"),
            ({"Host": "127.0.0.1.evil.example"}, "Host is"),
            ({"Host": "localhost.evil.example"}, "Host is"),
            ({"Host": "1.2.3.4.5"}, "Host is"),
        ]:
            status, message = refusal(server, target, **headers)
            expect((target, headers, status), (target, headers, 403))
            expect_in(part, message)
    # What a page can send without being asked for more: a "simple" request.
    status, _, _ = server.ask(
        "POST",
        "/v1/registerjobdefinition",
        '{"jobDefinitionName":"d","type":"container"}',
        {"Content-Type": "text/plain", "Origin": "http://evil.example"},
    )
    expect(status, 403)
    expect(server.call("DescribeJobDefinitions")["jobDefinitions"], [])
    # Nor does it get what would let it send more.
    status, headers, _ = server.ask(
        "OPTIONS", "/v1/submitjob", None, {"Origin": "http://evil.example"}
    )
    expect((status, headers["Access-Control-Allow-Origin"]), (403, None))


def test_names_of_this_machine():
    server = Server("--backend=simulated", "--allow-host=batch, me.example")
    for host in [
        "127.0.0.1",
        "127.0.0.1:%d" % server.port,
        "10.1.2.3:1",
        "[::1]",
        "[::1]:8000",
        "localhost",
        "LOCALHOST:80",
        "localhost.",
        "batch:8000",
        "Me.Example",
        "me.example.:8000",
    ]:
        expect((host, refusal(server, Host=host)), (host, (200, "")))
        expect(refusal(server, Host=host, Sec_Fetch_Site="none")[0], 200)
        expect(refusal(server, Host=host, Sec_Fetch_Site="same-origin")[0], 200)
    for host in "me", "you.me.example", "batch.example":
        expect((host, refusal(server, Host=host)[0]), (host, 403))
    named = Server("--backend=simulated", "--bind=localhost")
    expect(refusal(named, Host="localhost:1")[0], 200)
    expect(refusal(named, Host="batch")[0], 403)


def test_deep_json():
    server = Server("--backend=simulated", "--clock=stepped")
    for member in "seconds", "until":
        for begin, end, kind in ("[", "]", "array"), ('{"a":', "}", "object"):
            depth = 1000000 // len(begin + end)
            inner = begin * depth + ("1" if kind == "object" else "") + end * depth
            status, _, answer = server.ask(
                "POST", "/_embatch/advance", '{"%s":%s}' % (member, inner)
            )
            expect(status, 400)
            expect_in("%s is %s" % (member, kind), json.loads(answer)["message"])
    expect(server.ask("GET", "/_embatch/health")[0], 200)


def test_ranges():
    # They would multiply a response: nothing of it is sent in parts.
    server = Server("--backend=simulated", "--clock=stepped")
    _, _, whole = server.ask("GET", "/_embatch/health")
    many = ",".join(["0-"] * 2700)
    for part in "0-5", "5-", "-5", "0-0,3-4", many:
        status, headers, body = server.ask(
            "GET", "/_embatch/health", None, {"Range": "bytes=" + part}
        )
        expect((part[:9], status, body), (part[:9], 200, whole))
        expect(headers["Content-Range"], None)
    make_queue(server)
    register(server, "d", ["true"])
    request = {"jobName": "j", "jobQueue": "q", "jobDefinition": "d"}
    past_the_end = {**SIGNED, "Range": "bytes=100000-"}
    status, _, body = server.ask(
        "POST", "/v1/submitjob", json.dumps(request), past_the_end
    )
    expect(status, 200)
    assert json.loads(body)["jobId"]


def connect_from(address, port, server):
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    connection.bind((address, port))
    connection.settimeout(30)
    connection.connect(("127.0.0.1", server.port))
    return connection


def test_two_clients_from_one_port():
    # What one does must not end the connection of the other.
    server = Server("--backend=simulated", "--bind=0.0.0.0")
    good = connect_from("127.0.0.2", 0, server)
    bad = connect_from("127.0.0.3", good.getsockname()[1], server)
    good.sendall(b"GET /_embatch/health HTTP/1.1\r\nHo")
    bad.sendall(b"GET /v1/submitjob HTTP/1.1\r\nContent-Length: 5\r\n\r\n")
    while bad.recv(1 << 16):
        pass
    good.sendall(b"st: localhost\r\nConnection: close\r\n\r\n")
    expect(good.recv(12), b"HTTP/1.1 200")


def seconds_of_processor(server):
    with open("/proc/%d/stat" % server.process.pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_events_that_nobody_takes():
    # They are not printed, which would keep all others waiting.
    spent = []
    for more in [], ["--events=" + os.path.join(FOLDER, "events")]:
        server = Server("--backend=simulated", "--sim-boot-seconds=86400", *more)
        make_queue(server)
        register(server, "d", ["true"])
        for number in range(5):
            submit(server, "a%d" % number, "d", arrayProperties={"size": 10000})
        # Whoever is answered after them waits until they are RUNNABLE.
        jobs = server.call("ListJobs", {"jobQueue": "q", "jobStatus": "PENDING"})
        expect(len(jobs["jobSummaryList"]), 5)
        spent.append(seconds_of_processor(server))
    without, printed = spent
    assert without < printed / 2, spent


main(globals())
