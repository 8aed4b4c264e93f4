# SPDX-License-Identifier: Apache-2.0
"""What clients should not send, and how they should not go away.

Every answer is a 4xx in JSON or a closed connection; nothing is half done, and
the next client is served as if nothing had been.
"""
import http.client
import json
import random
import socket
import threading
import time

from support import SIGNED, Server, expect, expect_in, main, make_queue, register

MIB = 1 << 20


class Connection:
    """A connection that sends bytes as they stand."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=60)

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it was closed, which is an answer

    def end_of_sending(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def rest(self):
        """All that comes until the connection is closed."""
        data = b""
        try:
            while True:
                piece = self.socket.recv(1 << 16)
                if not piece:
                    return data
                data += piece
        except ConnectionResetError:
            return data
        finally:
            self.socket.close()


def head(body_bytes, method="POST", target="/v1/submitjob", more=""):
    return (
        "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Content-Length: %d\r\n%s\r\n"
        % (method, target, body_bytes, more)
    ).encode()


def status_of(answer):
    """Of the first response; 0: there is none."""
    if not answer:
        return 0
    assert answer.startswith(b"HTTP/1.1 "), answer[:100]
    return int(answer.split()[1])


def exchange(server, data):
    connection = Connection(server)
    connection.send(data)
    connection.end_of_sending()
    return connection.rest()


def is_well(server):
    status, _, body = server.ask("GET", "/_embatch/health")
    expect((status, json.loads(body)["status"]), (200, "ok"))


def test_bodies():
    server = Server("--backend=simulated")
    for body in [
        b"{",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"\xff\xfe",
        b"\x00",
        b'{"jobName":1}',
        b'{"jobName":"a\xc3"}',
        b'{"jobName":"x","jobQueue":"q","jobDefinition":"d"}',
        b'{"jobName":"x","arrayProperties":{"size":99999999999999999999}}',
        b'{"jobName":"x","arrayProperties":{"size":1e400}}',
        b'{"jobName":"\\ud800"}',
        b"[" * 100000,
        b'{"a":' * 100000,
        b'{"jobName":"' + b"x" * (MIB - 100) + b'"}',
        b" " * (MIB + 1),
    ]:
        status, headers, answer = server.ask("POST", "/v1/submitjob", body, SIGNED)
        assert 400 <= status < 500, (body[:50], status, answer)
        expect(json.loads(answer)["__type"], headers["x-amzn-errortype"])
        assert json.loads(answer)["message"], body[:50]
    is_well(server)


def test_heads():
    server = Server("--backend=simulated")
    for data in [
        b"\r\n\r\n",
        b"GARBAGE\r\n\r\n",
        b"POST\r\n\r\n",
        b"POST /v1/submitjob\r\n\r\n",
        b"POST /v1/submitjob HTTP/9.9\r\n\r\n",
        b"BREW /v1/submitjob HTTP/1.1\r\n\r\n",
        b"POST /v1/submitjob HTTP/1.1\r\nContent-Length: -5\r\n\r\n{}",
        b"POST /v1/submitjob HTTP/1.1\r\nContent-Length: x\r\n\r\n{}",
        b"POST /v1/submitjob HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST /v1/submitjob HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /%00 HTTP/1.1\r\n\r\n",
        b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n",
        b"GET /" + b"%0a" * 1000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 100000 + b"\r\n\r\n",
        b"GET /v1/tags/%zz HTTP/1.1\r\nConnection: close\r\n\r\n",
        head(2, more="Content-Type: multipart/form-data; boundary=x\r\n") + b"{}",
        head(2, more="Content-Encoding: gzip\r\n") + b"{}",
        head(2, more="Content-Encoding: rot13\r\n") + b"{}",
        head(2, more="Range: bytes=5-1\r\n") + b"{}",
        bytes(range(256)) * 100,
    ]:
        status = status_of(exchange(server, data))
        assert status == 0 or 400 <= status < 500, (data[:60], status)
    for method in "GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE":
        status = server.ask(method, "/v1/submitjob")[0]
        assert 400 <= status < 500, (method, status)
    is_well(server)


def test_random_bytes():
    server = Server("--backend=simulated")
    chance = random.Random(7)
    good = head(15) + b'{"jobName":"x"}'
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.randint(1, 5)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        status = status_of(exchange(server, bytes(data)))
        assert status == 0 or 400 <= status < 500, (bytes(data), status)
    is_well(server)


def memory_of(server):
    with open("/proc/%d/status" % server.process.pid) as file:
        lines = [line for line in file if line.startswith("VmHWM")]
    return int(lines[0].split()[1]) * 1024


def test_huge_body():
    server = Server("--backend=simulated")
    before = memory_of(server)
    connection = Connection(server)
    connection.send(head(100 * MIB))
    piece = b" " * MIB
    for _ in range(100):
        connection.send(piece)
    answer = connection.rest()
    assert status_of(answer) in (0, 413), answer[:100]
    # In pieces without a length that is told before.
    connection = Connection(server)
    connection.send(
        b"POST /v1/submitjob HTTP/1.1\r\nHost: localhost\r\n"
        b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    for _ in range(100):
        connection.send(b"100000\r\n" + piece + b"\r\n")
    connection.end_of_sending()
    assert status_of(connection.rest()) in (0, 413)
    assert memory_of(server) - before < 40 * MIB, memory_of(server) - before
    is_well(server)


def ready(server):
    make_queue(server)
    register(server, "d", ["true"])
    return json.dumps({"jobName": "j", "jobQueue": "q", "jobDefinition": "d"}).encode()


def count_jobs(server):
    names = [{"name": "JOB_NAME", "values": ["*"]}]
    return len(
        server.call("ListJobs", {"jobQueue": "q", "filters": names})["jobSummaryList"]
    )


SIGNATURE = "Authorization: %s\r\n" % SIGNED["Authorization"]


def test_client_goes_away():
    server = Server("--backend=simulated", "--clock=stepped")
    body = ready(server)
    whole = head(len(body), more=SIGNATURE) + body
    for size in list(range(0, len(whole), 37)) + [len(whole) - 1]:
        connection = Connection(server)
        connection.send(whole[:size])
        connection.socket.close()
    for size in range(0, len(whole), 53):
        answer = exchange(server, whole[:size])  # half closed
        assert status_of(answer) in (0, 400), answer
    expect(count_jobs(server), 0)
    expect(status_of(exchange(server, whole)), 200)  # half closed, but whole
    expect(count_jobs(server), 1)
    connection = Connection(server)
    connection.send(whole)
    connection.socket.close()  # does not wait for the answer
    is_well(server)


def test_bodies_where_there_should_be_none():
    # What is left unread of a request must not count as the next one.
    server = Server("--backend=simulated", "--clock=stepped")
    body = ready(server)
    inner = head(len(body), more=SIGNATURE) + body
    length = "Content-Length: %d\r\n\r\n" % len(inner)
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner)
    for start, rest in [
        ("GET /_embatch/health HTTP/1.1\r\nHost: localhost\r\n" + length, inner),
        ("OPTIONS /v1/submitjob HTTP/1.1\r\nHost: localhost\r\n" + length, inner),
        (
            "POST /v1/submitjob HTTP/1.1\r\nHost: localhost\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n" + length,
            inner,
        ),
        (
            "GET /_embatch/health HTTP/1.1\r\nHost: localhost\r\n"
            "Transfer-Encoding: chunked\r\n\r\n",
            chunks,
        ),
    ]:
        connection = Connection(server)
        connection.send(start.encode() + rest)
        answer = connection.rest()
        expect((start, answer.count(b"HTTP/1.1 ")), (start, 1))
        expect(count_jobs(server), 0)
    is_well(server)


def test_slow_clients():
    server = Server("--backend=simulated", "--clock=stepped")
    body = ready(server)
    # Many that say nothing, and many in the middle of a head or a body.
    idle = [Connection(server) for _ in range(60)]
    for connection in idle[:20]:
        connection.send(b"POST /v1/sub")
    for connection in idle[20:40]:
        connection.send(head(len(body)) + body[:5])
    begin = time.monotonic()
    for _ in range(20):
        is_well(server)
    assert time.monotonic() - begin < 5, "others wait for slow clients"
    # One that takes its time is served all the same.
    slow = Connection(server)
    whole = head(len(body), more=SIGNATURE) + body
    for start in range(0, len(whole), 40):
        slow.send(whole[start : start + 40])
        time.sleep(0.05)
    expect(status_of(slow.rest()), 200)
    # Who says nothing for long is cut off.
    for connection in idle:
        assert status_of(connection.rest()) in (0, 400, 408)
    assert time.monotonic() - begin < 40
    expect(count_jobs(server), 1)


def read_response(connection):
    """The status of one response on a connection that is kept."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.socket.recv(1 << 16)
    start, body = data.split(b"\r\n\r\n", 1)
    length = int(start.lower().split(b"content-length: ")[1].split()[0])
    while len(body) < length:
        body += connection.socket.recv(1 << 16)
    return status_of(start)


HEALTH = b"GET /_embatch/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_slow_heads():
    # One byte after the other, so that no read takes long.
    server = Server("--backend=simulated", "--clock=stepped", "--head-seconds=1")
    body = ready(server)
    first = Connection(server)
    second = Connection(server)
    second.send(HEALTH)
    expect(read_response(second), 200)
    time.sleep(2)  # between two requests there is time
    second.send(HEALTH)
    expect(read_response(second), 200)
    start = head(len(body), more=SIGNATURE)
    begin = time.monotonic()
    for i in range(len(start) - 4):
        first.send(start[i : i + 1])
        second.send(start[i : i + 1])
        time.sleep(0.05)
        if time.monotonic() > begin + 4:
            break
    first.send(start[i + 1 :] + body)
    second.send(start[i + 1 :] + body)
    expect(status_of(first.rest()), 408)
    expect(status_of(second.rest()), 408)
    expect(count_jobs(server), 0)
    # A body may take longer than a head.
    third = Connection(server)
    third.send(start)
    for byte in body[:20]:
        third.send(bytes([byte]))
        time.sleep(0.1)
    third.send(body[20:])
    expect(status_of(third.rest()), 200)
    expect(count_jobs(server), 1)
    is_well(server)


def test_huge_heads():
    server = Server("--backend=simulated")
    is_well(server)
    before = memory_of(server)
    start = b"GET /_embatch/health HTTP/1.1\r\n"
    for begin, piece in [
        (b"", b"a" * MIB),
        (start, b"a" * MIB),
        (start, b"X-A: bbbbbbbbbbbb\r\n" * (MIB // 19)),
        (start, b"X\n" * (MIB // 2)),
        (
            b"POST /v1/submitjob HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"0" * MIB,
        ),
    ]:
        connection = Connection(server)
        connection.send(begin)
        for _ in range(100):
            connection.send(piece)
        connection.send(b"\r\n\r\n")
        assert status_of(connection.rest()) in (0, 400, 413, 431), (begin, piece[:20])
    assert memory_of(server) - before < 40 * MIB, memory_of(server) - before
    # One that is only a little too long is told.
    answer = exchange(server, start + b"X: y\r\n" * 50000 + b"\r\n")
    expect(status_of(answer), 431)
    expect_in(b"x-amzn-requestid: ", answer)
    expect(status_of(exchange(server, start + b"X: y\r\n" * 40000 + b"\r\n")), 200)
    # Nor may one line be longer than 8 KiB, with its end.
    for more, status in (0, 200), (1, 431):
        line = b"X: " + b"y" * (8192 - 5 + more) + b"\r\n"
        for lines in line, b"A: b\r\n" + line, line + b"A: b\r\n":
            answer = exchange(server, start + lines + b"\r\n")
            expect(status_of(answer), status)
    expect_in(b"a line of it, is longer", answer)
    is_well(server)


def test_unclear_lengths():
    server = Server("--backend=simulated", "--clock=stepped")
    for lines in [
        b"Content-Length: 2\r\nContent-Length: 0\r\n",
        b"Content-Length: 2\r\nContent-Length: 2\r\n",
        b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Content-Length: +2\r\n",
        b"Content-Length: 2x\r\n",
        b"Content-Length: 99999999999999999999\r\n",
    ]:
        for method in b"POST", b"GET":
            start = method + b" /v1/describejobqueues HTTP/1.1\r\n" + lines + b"\r\n"
            answer = exchange(server, start + b"{}" + HEALTH)
            expect((lines, status_of(answer)), (lines, 400))
            expect((lines, answer.count(b"HTTP/1.1 ")), (lines, 1))
    is_well(server)


def test_chunks():
    server = Server("--backend=simulated", "--clock=stepped")
    body = ready(server)
    start = b"POST /v1/submitjob HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
    start += SIGNATURE.encode() + b"\r\n"
    whole = b"%x\r\n%s\r\n" % (len(body), body)
    single = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    good = [
        whole + b"0\r\n\r\n",
        whole + b"0\r\nX: y\r\n\r\n",
        whole + b"000\r\nX: y\r\nX-Checksum: z\r\n\r\n",
        whole.replace(b"\r\n", b";extension=1\r\n", 1) + b"0;last\r\n\r\n",
        single + b"0\r\nX: y\r\n\r\n",
    ]
    for chunks in good:
        connection = Connection(server)
        connection.send(start + chunks + HEALTH)  # which is no part of it
        connection.end_of_sending()
        answer = connection.rest()
        expect((chunks, answer.count(b"HTTP/1.1 200 ")), (chunks, 2))
    expect(count_jobs(server), len(good))
    for chunks in [
        b"-1\r\n",
        b"+2\r\n{}\r\n0\r\n\r\n",
        b"0x2\r\n{}\r\n0\r\n\r\n",
        b" 2\r\n{}\r\n0\r\n\r\n",
        b"\r\n",
        b"2\n{}\r\n0\r\n\r\n",
        b"11111111111111111\r\n",
        b"2;" + b"x" * 2000 + b"\r\n{}\r\n0\r\n\r\n",
        whole[:-2] + b"0\r\n\r\n",
        whole + b"0\r\n" + b"X: y\r\n" * 2000 + b"\r\n",
        whole + b"0\r\nX: y",
        whole,
    ]:
        answer = exchange(server, start + chunks)
        expect((chunks[:50], status_of(answer)), (chunks[:50], 400))
        expect((chunks[:50], answer.count(b"HTTP/1.1 ")), (chunks[:50], 1))
    expect(count_jobs(server), len(good))


def test_many_requests_at_once():
    # A client may send the next request before it has its answer.
    server = Server("--backend=simulated", "--clock=stepped")
    body = ready(server)
    one = head(len(body), more=SIGNATURE).replace(b"Connection: close\r\n", b"") + body
    connection = Connection(server)
    connection.send(one * 50 + HEALTH)
    connection.end_of_sending()
    answer = connection.rest()
    expect(answer.count(b"HTTP/1.1 200 "), 51)
    expect_in(b'"clock":"stepped"', answer)  # the last one's
    expect(count_jobs(server), 50)
    # The second one's body comes later than its head.
    connection = Connection(server)
    connection.send(one + one[: -len(body)])
    expect(read_response(connection), 200)
    connection.send(body)
    expect(read_response(connection), 200)
    expect(count_jobs(server), 52)


def test_request_ids():
    server = Server("--backend=simulated")
    ids = set()
    asked = [
        ("GET", "/_embatch/health", None, {}, 200),
        ("GET", "/_embatch/none", None, {}, 404),
        ("GET", "/_embatch/advance", None, {}, 405),
        ("POST", "/_embatch/advance", "{}", {}, 400),
        ("GET", "/_embatch/logs/none", None, {}, 404),
        ("POST", "/_embatch/reset", "", {}, 403),
        ("POST", "/v1/listjobs", "{", {}, 400),
        ("POST", "/v1/none", "{}", {}, 404),
        ("POST", "/v1/listjobs", "{}", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ("POST", "/v1/listjobs", b" " * (MIB + 1), {}, 413),
        ("GET", "/" + "a" * 3000, None, {}, 414),
    ]
    for method, target, body, headers, status in asked:
        got, headers, _ = server.ask(method, target, body, headers)
        expect((target[:30], got), (target[:30], status))
        expect(len(headers.get_all("x-amzn-requestid") or []), 1)
        ids.add(headers["x-amzn-requestid"])
    expect(len(ids), len(asked))


def test_more_connections_than_threads():
    server = Server("--backend=simulated")
    idle = [Connection(server) for _ in range(400)]
    begin = time.monotonic()
    is_well(server)
    assert time.monotonic() - begin < 30
    for connection in idle:
        connection.socket.close()


def test_stop_with_open_connections():
    server = Server()
    body = ready(server)
    idle = [Connection(server) for _ in range(10)]
    idle[0].send(b"POST /v1/sub")
    stopped = threading.Event()
    codes = set()

    def dribble():
        while not stopped.wait(0.2):
            idle[1].send(b"P")

    def go_on_submitting():
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        try:
            while not stopped.is_set():
                connection.request("POST", "/v1/submitjob", body, SIGNED)
                response = connection.getresponse()
                response.read()
                codes.add(response.status)
        except (http.client.HTTPException, OSError):
            pass  # it was closed

    threads = [threading.Thread(target=work) for work in (dribble, go_on_submitting)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    begin = time.monotonic()
    server.stop()
    seconds = time.monotonic() - begin
    stopped.set()
    for thread in threads:
        thread.join()
    assert seconds < 15, seconds
    assert codes <= {200, 503}, codes


main(globals())
