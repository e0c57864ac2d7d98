"""Lets moto's own tests speak to the simulated account: python moto_proxy.py ENDPOINT MOTO

Listens on a free port of loopback, prints its address, and passes calls on: those of CloudFormation, ECS and STS to the account at
ENDPOINT, all others to moto's server at MOTO. What moto's tests expect and AWS does not do is made up for here:

* each test has a fresh account, from `POST /moto-api/reset` on, and calls it 123456789012;
* names of stacks and change sets may have `_`, which AWS refuses: it becomes `-`;
* a call that changes a stack is answered when the stack has come to its end, as moto works;
* what is put into S3 is put into the account too, so that it can read templates.
"""

import http.client
import itertools
import re
import sys
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCOUNT, MOTO = (urllib.parse.urlsplit(address).netloc for address in sys.argv[1:3])
THEIRS = "123456789012"
OURS = {"cloudformation", "ecs", "sts"}
NUMBERS = itertools.count(300000000000)
CHANGES = {"CreateStack", "UpdateStack", "DeleteStack", "ExecuteChangeSet", "CreateChangeSet", "DetectStackDrift"}
now = {"account": str(next(NUMBERS)), "names": {}}


def send(host, method, path, headers, body):
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request(method, path, body, {**headers, "Content-Length": str(len(body))})
    answer = connection.getresponse()
    found = answer.status, answer.getheaders(), answer.read()
    connection.close()
    return found


def query(headers, action, **words):
    body = urllib.parse.urlencode({"Action": action, "Version": "2010-05-15", **words}).encode()
    return send(ACCOUNT, "POST", "/", {**headers, "Content-Type": "application/x-www-form-urlencoded"}, body)[2].decode()


def wait(headers, action, params, answer):
    """Until nothing goes on in the stack that a call changes."""
    given = lambda tag: (re.findall(rf"<{tag}>([^<]*)</{tag}>", answer) or [None])[0]
    for _ in range(100):
        if action == "CreateChangeSet":
            going = re.search(r"<Status>(CREATE_PENDING|CREATE_IN_PROGRESS)<", query(headers, "DescribeChangeSet", ChangeSetName=given("Id") or ""))
        else:
            stack = given("StackId") or params.get("StackName") or (params.get("ChangeSetName", "").split("/") + [""])[1]
            going = re.search(r"<StackStatus>\w+_IN_PROGRESS<", query(headers, "DescribeStacks", StackName=stack))
        if not going:
            return
        time.sleep(0.02)


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("host", "content-length", "connection", "accept-encoding", "transfer-encoding")}
        service = re.search(r"/([a-z0-9-]+)/aws4_request", headers.get("Authorization", ""))
        if self.path == "/moto-api/reset":
            now.update(account=str(next(NUMBERS)), names={})
        if service and service[1] in OURS:
            status, found, answer = self.to_account(headers, body)
        else:
            status, found, answer = send(MOTO, self.command, self.path, {**headers, "Host": self.headers.get("Host", MOTO)}, body)
            if service and service[1] == "s3" and self.command == "PUT" and self.path.count("/") <= 2:
                send(ACCOUNT, "PUT", self.path, self.as_account(headers), body)
        self.send_response(status)
        for name, value in found:
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    def as_account(self, headers):
        return {name: value.replace("FOOBARKEY", now["account"]).replace(THEIRS, now["account"])
                for name, value in headers.items() if not name.lower().startswith("x-amz-checksum")}

    def to_account(self, headers, body):
        headers, names = self.as_account(headers), now["names"]
        body = body.replace(THEIRS.encode(), now["account"].encode())
        params = {}
        if b"Action=" in body:
            params = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
            for name in ("StackName", "ChangeSetName"):
                own = params.get(name, "")
                if "_" in own and not own.startswith("arn:"):
                    params[name] = own.replace("_", "-")
                    names[params[name]] = own
            # Ids, which this proxy gave with the names of the tests.
            for new, own in names.items():
                params = {key: value.replace(f":stack/{own}/", f":stack/{new}/").replace(f":changeSet/{own}/", f":changeSet/{new}/")
                          for key, value in params.items()}
            body = urllib.parse.urlencode(params).encode()
        status, found, answer = send(ACCOUNT, self.command, self.path, headers, body)
        if status < 300 and params.get("Action") in CHANGES:
            wait(headers, params["Action"], params, answer.decode())
        text = answer.decode("utf-8", "surrogateescape").replace(now["account"], THEIRS)
        for new, own in names.items():
            text = re.sub(rf"(?<![\w-]){re.escape(new)}(?![\w-])", own, text)
        return status, found, text.encode("utf-8", "surrogateescape")

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = pass_on


server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
server.daemon_threads = True
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
