"""Fetches a model of the Hugging Face Hub into the local cache, in the layout of huggingface_hub.

    CACHE/models--ORG--NAME/blobs/HASH            a file's content, named by its SHA-256 (LFS) or git's SHA-1
    CACHE/models--ORG--NAME/snapshots/COMMIT/…    links to blobs under the files' names
    CACHE/models--ORG--NAME/refs/REVISION         the commit of a branch or tag

Only configuration, safetensors and tokenizer files are fetched. A file that is cut off is continued, by this call or
the next one, and has its name only when its checksum is right.
"""

import hashlib
import http.client
import json
import os
import re
import socket
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

FILES = re.compile(
    r"(config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json|(vocab|merges)\.txt"
    r"|model(-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json")
ATTEMPTS = 5
SECONDS = 30  # without a byte


class Refusal(Exception):
    """The reason why a model cannot be fetched, with its remedy."""


class Redirect(urllib.request.HTTPRedirectHandler):
    """Follows redirects to storage; the token is for the hub's own host alone."""

    def redirect_request(self, request, *rest):
        following = super().redirect_request(request, *rest)
        if following and urllib.parse.urlsplit(following.full_url).netloc != urllib.parse.urlsplit(
                request.full_url).netloc:
            following.remove_header("Authorization")
        return following


OPENER = urllib.request.build_opener(Redirect)


def endpoint():
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def home():
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return expanded(os.environ.get("HF_HOME") or os.path.join(expanded(base), "huggingface"))


def cache():
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    return expanded(named or os.path.join(home(), "hub"))


def expanded(path):
    return os.path.expandvars(os.path.expanduser(path))


def token():
    """HF_TOKEN, or the token that `huggingface-cli login` saved; None without either."""
    if os.environ.get("HF_TOKEN"):
        return os.environ["HF_TOKEN"].strip()
    path = os.environ.get("HF_TOKEN_PATH") or os.path.join(home(), "token")
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip() or None
    except OSError:
        return None


def request(url, start=0):
    headers = {"User-Agent": "hadamesh-fetch"}
    found = token()
    if found:
        headers["Authorization"] = f"Bearer {found}"
    if start:
        headers["Range"] = f"bytes={start}-"
    return OPENER.open(urllib.request.Request(url, headers=headers), timeout=SECONDS)


def refusal(error, model):
    """The refusal for an HTTP status that another attempt does not change; None for one that it may."""
    if error.code in (401, 403):
        known = "the token is not allowed to read it" if token() else "no token was sent"
        return Refusal(
            f"{model} cannot be read (HTTP {error.code}): it is private, gated or does not exist, and {known}; "
            f"accept its terms at {endpoint()}/{model.split('@')[0]} and set HF_TOKEN")
    if error.code == 404:
        return Refusal(f"{endpoint()} has no model {model} (HTTP 404); check the name, ORG/NAME, and the revision")
    if error.code in (408, 429) or error.code >= 500:
        return None
    return Refusal(f"{error.url}: HTTP {error.code} {error.reason}")


def attempts(model, action):
    """Calls `action` until it returns; waits a little longer after each broken connection."""
    for attempt in range(ATTEMPTS):
        try:
            return action()
        except urllib.error.HTTPError as error:
            final = refusal(error, model)
            if final:
                raise final from None
            reason = f"HTTP {error.code}"
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, socket.timeout) as error:
            reason = getattr(error, "reason", error)
        if attempt + 1 < ATTEMPTS:
            time.sleep(float(os.environ.get("HADAMESH_RETRY_SECONDS", "1")) * 2 ** attempt)
    raise Refusal(f"{endpoint()} could not be read in {ATTEMPTS} attempts: {reason}; run the command again to go on")


def fetch(name):
    """Fetches ORG/NAME or ORG/NAME@REVISION; returns the snapshot's folder."""
    model, _, revision = name.removeprefix("hf:").partition("@")
    revision = revision or "main"
    if not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)?", model) or ".." in revision:
        raise Refusal(f"'{name}' is no model's name, expected ORG/NAME or ORG/NAME@REVISION")
    url = f"{endpoint()}/api/models/{model}/revision/{urllib.parse.quote(revision, safe='')}?blobs=true"

    def listing():
        with request(url) as answer:
            return json.load(answer)

    entries = attempts(name, listing)
    wanted = [entry for entry in entries.get("siblings", []) if FILES.fullmatch(entry["rfilename"])]
    names = {entry["rfilename"] for entry in wanted}
    if "config.json" not in names:
        raise Refusal(f"{name} has no config.json: it is not a model that transformers loads")
    if not any(found.endswith(".safetensors") for found in names):
        raise Refusal(
            f"{name} has no safetensors weights, and pickled ones are never read; convert them: "
            f"python3 -c \"import transformers as t; n=dict(pretrained_model_name_or_path='{model}', revision='{revision}'); "
            "t.AutoModel.from_pretrained(**n).save_pretrained('models/x'); "
            "t.AutoTokenizer.from_pretrained(**n).save_pretrained('models/x')\"")
    folder = os.path.join(cache(), "models--" + model.replace("/", "--"))
    snapshot = os.path.join(folder, "snapshots", entries["sha"])
    for part in ("blobs", "refs"):
        os.makedirs(os.path.join(folder, part), exist_ok=True)
    os.makedirs(snapshot, exist_ok=True)
    # The configuration last: a snapshot with one is whole.
    for entry in sorted(wanted, key=lambda entry: entry["rfilename"] == "config.json"):
        blob = fetch_blob(name, model, entries["sha"], entry, os.path.join(folder, "blobs"))
        link = os.path.join(snapshot, entry["rfilename"])
        if not os.path.exists(link):
            if os.path.lexists(link):
                os.remove(link)
            os.symlink(os.path.relpath(blob, snapshot), link)
    if revision != entries["sha"]:
        reference = os.path.join(folder, "refs", revision)
        os.makedirs(os.path.dirname(reference), exist_ok=True)
        with open(reference, "w", encoding="utf-8") as file:
            file.write(entries["sha"])
    return snapshot


def digest(entry, size):
    """The hash that names the blob: SHA-256 of a large file, git's SHA-1 of a small one."""
    if entry.get("lfs"):
        return hashlib.sha256()
    state = hashlib.sha1()
    state.update(f"blob {size}\0".encode())
    return state


def fetch_blob(name, model, commit, entry, blobs):
    """Downloads one file, from where an earlier attempt ended; returns its path once its checksum is right."""
    lfs = entry.get("lfs") or {}
    expected, size = lfs.get("sha256") or entry["blobId"], lfs.get("size") or entry["size"]
    path = os.path.join(blobs, expected)
    if os.path.exists(path):
        return path
    partial = path + ".incomplete"
    url = f"{endpoint()}/{model}/resolve/{commit}/{urllib.parse.quote(entry['rfilename'])}"
    if size > 1 << 20:
        print(f"fetching {model}/{entry['rfilename']} ({size / 1e6:.0f} MB)", file=sys.stderr)

    def transfer():
        start = os.path.getsize(partial) if os.path.exists(partial) else 0
        if start > size:
            os.remove(partial)
            start = 0
        if start == size:
            return
        with request(url, start) as answer:
            # A server that ignores the range sends the whole file.
            with open(partial, "ab" if answer.status == 206 else "wb") as file:
                while block := answer.read(1 << 20):
                    file.write(block)
        found = os.path.getsize(partial)
        if found < size:
            raise ConnectionError(f"the connection ended after {found} of {size} bytes")

    if size:
        attempts(name, transfer)
    else:
        open(partial, "wb").close()
    state = digest(entry, size)
    with open(partial, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            state.update(block)
    if state.hexdigest() != expected or os.path.getsize(partial) != size:
        os.remove(partial)
        raise Refusal(f"{entry['rfilename']} of {name} has the checksum {state.hexdigest()}, expected {expected}: "
                      "the transfer was damaged; run the command again")
    os.rename(partial, path)
    return path
