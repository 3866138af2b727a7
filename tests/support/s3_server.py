#!/usr/bin/python3
"""A small S3 for tests, strict about what it is asked: usage: s3_server.py BUCKET...

Every request has to be signed (Signature Version 4, by test:tester with the secret `testing`, in
us-east-1) in just the way that Amazon documents, with each of its x-amz- headers and the digest of
its body; a part that is not the last one has 5 MiB. Objects are kept in memory. Prints its URL, and
ends when its standard input does.

What goes wrong with it is told by requests that are not signed:
  /_fault?method=PUT&match=partNumber&do=unavailable&times=2   the next two such requests
  /_state                                     objects, uploads, requests and what they bore, as JSON
What it may do:
  unavailable, slow-down, denied, full    it answers that, and does nothing
  close        does nothing, and answers nothing
  lost-answer  does what is asked, and answers nothing
  half         breaks the connection in the middle of the bytes
  short        says that it has half of them, and sends these
  hang         waits for 30 s
  lose-part    forgets the upload's first part, and then does what is asked
  forget       forgets the upload, and then does what is asked
"""
import base64
import hashlib
import hmac
import json
import re
import sys
import threading
import time
import urllib.parse
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

ACCESS, SECRET, REGION = "test:tester", "testing", "us-east-1"
PART_MIN = 5 << 20
PAGE = 2  # Uploads in a list, so that a test sees more than one page.

lock = threading.RLock()
buckets = {name: {} for name in sys.argv[1:]}  # Of keys and (bytes, headers).
uploads = {}  # By id: bucket, key, headers, initiated, parts by number: (bytes, etag, checksum).
faults = []
requests = []


class Refused(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status, self.code = status, code


def encode(text, path):
    return urllib.parse.quote(text, safe="/-._~" if path else "-._~")


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def check_signature(handler, body):
    headers = {name.lower(): value.strip() for name, value in handler.headers.items()}
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(\S+?)/(\d{8})/([^/]+)/s3/aws4_request, ?"
        r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})", headers.get("authorization", ""))
    if not found:
        raise Refused(403, "AccessDenied")
    access, day, region, names, signature = found.groups()
    if access != ACCESS:
        raise Refused(403, "InvalidAccessKeyId")
    if region != REGION:
        raise Refused(400, "AuthorizationHeaderMalformed")
    when = headers.get("x-amz-date", "")
    told = datetime.strptime(when, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    if when[:8] != day or abs(told.timestamp() - time.time()) > 900:
        raise Refused(403, "RequestTimeTooSkewed")
    digest = headers.get("x-amz-content-sha256")
    if digest is None:
        raise Refused(400, "InvalidRequest")
    if digest != hashlib.sha256(body).hexdigest():
        raise Refused(400, "XAmzContentSHA256Mismatch")
    signed = names.split(";")
    wanted = {"host"} | {name for name in headers if name.startswith("x-amz-")}
    if signed != sorted(signed) or not wanted <= set(signed):
        raise Refused(403, "AccessDenied")
    path, _, query = handler.path.partition("?")
    if path != encode(urllib.parse.unquote(path), True):
        raise Refused(403, "SignatureDoesNotMatch")
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    query = "&".join(sorted(f"{encode(name, False)}={encode(value, False)}"
                            for name, value in pairs))
    canonical = "\n".join([handler.command, path, query,
                           "".join(f"{name}:{headers[name]}\n" for name in signed), names, digest])
    scope = f"{day}/{region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{when}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = mac(mac(mac(mac(b"AWS4" + SECRET.encode(), day), region), "s3"), "aws4_request")
    if not hmac.compare_digest(mac(key, text).hex(), signature):
        raise Refused(403, "SignatureDoesNotMatch")
    claimed = headers.get("x-amz-checksum-sha256")
    if claimed and base64.b64decode(claimed) != hashlib.sha256(body).digest():
        raise Refused(400, "BadDigest")


def document(name, inside):
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}>{inside}</{name}>'.encode()


def element(name, text):
    return f"<{name}>{escape(str(text))}</{name}>"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path, _, query = self.path.partition("?")
        query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        if path.startswith("/_"):
            return self.control(path, query)
        fault = self.fault()
        if fault == "hang":
            time.sleep(30)
        if fault in ("close", "hang"):
            self.close_connection = True
            return None
        try:
            if fault in ("unavailable", "slow-down", "denied", "full"):
                raise Refused(*{"unavailable": (503, "ServiceUnavailable"),
                                "slow-down": (503, "SlowDown"), "denied": (403, "AccessDenied"),
                                "full": (507, "XMinioStorageFull")}[fault])
            check_signature(self, body)
            _, bucket, *key = urllib.parse.unquote(path).split("/", 2)
            with lock:
                self.hurt(fault, query)
                status, headers, answer = self.serve(bucket, "".join(key), query, body)
        except Refused as refused:
            status, headers = refused.status, {"Content-Type": "application/xml"}
            answer = document("Error", element("Code", refused.code))
        return self.answer(status, headers, answer, fault)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

    def fault(self):
        with lock:
            requests.append({"method": self.command, "path": self.path})
            for fault in faults:
                if fault["times"] > 0 and fault["method"] == self.command and \
                        fault["match"] in self.path:
                    fault["times"] -= 1
                    return fault["do"]
        return ""

    def hurt(self, fault, query):
        upload = uploads.get(query.get("uploadId"))
        if upload and fault == "lose-part":
            upload["parts"].pop(min(upload["parts"]), None)
        if upload and fault == "forget":
            del uploads[query["uploadId"]]

    def control(self, path, query):
        with lock:
            if path == "/_fault":
                faults.append({**query, "times": int(query["times"])})
            if path == "/_bucket":
                buckets.pop(query["name"], None)
                if query["do"] == "make":
                    buckets[query["name"]] = {}
            objects = {f"{bucket}/{key}": {"bytes": len(found[0]), "headers": found[1]}
                       for bucket, keys in buckets.items() for key, found in keys.items()}
            state = {"objects": objects, "uploads": len(uploads), "requests": requests}
            self.answer(200, {}, json.dumps(state).encode(), "")

    def answer(self, status, headers, body, fault):
        if fault == "lost-answer":
            self.close_connection = True
            return
        said = len(body)
        if fault == "short":
            said = said // 2
            body = body[:said]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(said))
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault == "half":
            body = body[:len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)

    def serve(self, bucket, key, query, body):
        if bucket not in buckets:
            raise Refused(404, "NoSuchBucket")
        if not key:
            return self.list_uploads(bucket, query)
        if "uploads" in query or "uploadId" in query:
            return self.serve_upload(bucket, key, query, body)
        keys = buckets[bucket]
        if self.command == "PUT":
            keys[key] = (body, self.kept_headers())
            return 200, {"ETag": f'"{hashlib.md5(body).hexdigest()}"'}, b""
        if self.command == "DELETE":
            keys.pop(key, None)
            return 204, {}, b""
        if key not in keys:
            raise Refused(404, "NoSuchKey")
        found = keys[key][0]
        if self.command == "HEAD":
            return 200, {"Content-Length": str(len(found))}, b""
        return self.part_of(found)

    def kept_headers(self):
        return {name.lower(): value for name, value in self.headers.items()
                if name.lower().startswith("x-amz-server") or
                name.lower().startswith("x-amz-checksum")}

    def part_of(self, found):
        wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("range", ""))
        if not wanted:
            return 200, {}, found
        first, last = int(wanted[1]), min(int(wanted[2]), len(found) - 1)
        if first >= len(found):
            raise Refused(416, "InvalidRange")
        return 206, {"Content-Range": f"bytes {first}-{last}/{len(found)}"}, found[first:last + 1]

    def serve_upload(self, bucket, key, query, body):
        if self.command == "POST" and "uploads" in query:
            upload_id = f"upload+{len(requests)}/="  # Has to be encoded, as others' ids.
            uploads[upload_id] = {"bucket": bucket, "key": key, "headers": self.kept_headers(),
                                  "initiated": time.time(), "parts": {}}
            return 200, {}, document("InitiateMultipartUploadResult",
                                     element("UploadId", upload_id))
        upload = uploads.get(query["uploadId"])
        if upload is None or (upload["bucket"], upload["key"]) != (bucket, key):
            raise Refused(404, "NoSuchUpload")
        if self.command == "PUT":
            etag = f'"{hashlib.md5(body).hexdigest()}"'
            checksum = self.headers.get("x-amz-checksum-sha256", "")
            if "x-amz-checksum-algorithm" in upload["headers"] and not checksum:
                raise Refused(400, "InvalidRequest")
            upload["parts"][int(query["partNumber"])] = (body, etag, checksum)
            return 200, {"ETag": etag}, b""
        if self.command == "DELETE":
            del uploads[query["uploadId"]]
            return 204, {}, b""
        return self.complete(query["uploadId"], upload, body.decode())

    def complete(self, upload_id, upload, text):
        whole = b""
        named = re.findall(r"<Part>(.*?)</Part>", text)
        for index, part in enumerate(named):
            number = int(re.search(r"<PartNumber>(\d+)</PartNumber>", part)[1])
            etag = re.search(r"<ETag>(.*?)</ETag>", part)[1].replace("&quot;", '"')
            checksum = re.search(r"<ChecksumSHA256>(.*?)</ChecksumSHA256>", part)
            found = upload["parts"].get(number)
            if found is None or found[1] != etag or number != index + 1:
                raise Refused(400, "InvalidPart")
            if (checksum[1] if checksum else "") != found[2]:
                raise Refused(400, "InvalidPart")
            if len(found[0]) < PART_MIN and index + 1 < len(named):
                raise Refused(400, "EntityTooSmall")
            whole += found[0]
        buckets[upload["bucket"]][upload["key"]] = (whole, upload["headers"])
        del uploads[upload_id]
        return 200, {}, document("CompleteMultipartUploadResult", element("ETag", '"x-1"'))

    def list_uploads(self, bucket, query):
        if self.command == "PUT":
            return 200, {}, b""
        if "uploads" not in query:
            raise Refused(501, "NotImplemented")
        after = (query.get("key-marker", ""), query.get("upload-id-marker", ""))
        found = sorted((upload["key"], upload_id, upload["initiated"])
                       for upload_id, upload in uploads.items()
                       if upload["bucket"] == bucket and
                       upload["key"].startswith(query.get("prefix", "")) and
                       (upload["key"], upload_id) > after)
        text = element("IsTruncated", "true" if len(found) > PAGE else "false")
        for key, upload_id, initiated in found[:PAGE]:
            when = datetime.fromtimestamp(initiated, timezone.utc)
            text += "<Upload>" + element("Key", key) + element("UploadId", upload_id) + element(
                "Initiated", when.strftime("%Y-%m-%dT%H:%M:%S.000Z")) + "</Upload>"
        if len(found) > PAGE:
            key, upload_id, _ = found[PAGE - 1]
            text += element("NextKeyMarker", key) + element("NextUploadIdMarker", upload_id)
        return 200, {}, document("ListMultipartUploadsResult", text)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # A client that went away.


def main():
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
