"""Plays uv's part in tests where there is no uv: the commands that devsh runs, by pip.

What pip does is real: it downloads, compares hashes, installs wheels and makes environments. Which versions
are old enough it cannot choose by, so that is done here, from what the index says.
"""
import json, os, re, subprocess, sys, tempfile, urllib.request

args = sys.argv[1:]
index = os.environ["UV_DEFAULT_INDEX"]
cache = os.path.join(os.environ["HOME"], ".cache", "uv-by-pip")
os.makedirs(cache, exist_ok=True)
os.environ.update(PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", PIP_CONFIG_FILE=os.devnull, PIP_RETRIES="0", PIP_NO_CACHE_DIR="1")
pip = [sys.executable, "-m", "pip"]
offline = "--offline" in args


def option(name):
    return args[args.index(name) + 1] if name in args else None


def fail(what, why):
    print(f"  × {what}\n  ╰─▶ {why}", file=sys.stderr)
    sys.exit(1)


def run(what, command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        errors = [l for l in (done.stderr + done.stdout).splitlines() if l.strip() and not l.startswith(("WARNING", "Looking", "Collecting"))]
        text = " ".join(errors)
        if "No matching distribution" in text:
            fail("No solution found when resolving dependencies:", errors[-1])
        if "DO NOT MATCH THE HASHES" in text:
            fail(what, "Hash mismatch")
        fail(what, next((l.strip() for l in reversed(errors) if "Error" in l or "ERROR" in l), text))
    return done.stdout


def get(path):
    request = urllib.request.Request(index + path, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except Exception as e:
        print(f"error: Failed to fetch: `{index + path}`\n  Caused by: {e}", file=sys.stderr)
        sys.exit(2)


def compile(before):
    hashes, links = {}, []
    for project in get("/")["projects"]:
        for file in get("/" + project["name"] + "/")["files"]:
            if before is None or file["upload-time"] < before:
                links.append(f'<a href="{file["url"]}#sha256={file["hashes"]["sha256"]}">{file["filename"]}</a>')
                name, version = file["filename"].split("-")[:2]
                hashes.setdefault((name.lower().replace("_", "-"), version), []).append(file["hashes"]["sha256"])
    with tempfile.TemporaryDirectory() as tmp:
        page = os.path.join(tmp, "links.html")
        with open(page, "w") as f:
            f.write("<!DOCTYPE html>" + "\n".join(links))
        report = json.loads(run("Failed to lock", pip + ["install", "--dry-run", "--quiet", "--ignore-installed", "--no-index", "--find-links", page,
                                                        "--only-binary", ":all:", "--report", "-", "-r", args[-1]]))
    for p in sorted(report["install"], key=lambda p: p["metadata"]["name"]):
        name, version = re.sub("[._-]+", "-", p["metadata"]["name"]).lower(), p["metadata"]["version"]
        print(f"{name}=={version}" + "".join(f" \\\n    --hash=sha256:{h}" for h in hashes[name, version]))


if args[0] == "venv":
    run("Failed to create virtual environment", [option("--python"), "-m", "venv", "--without-pip", args[-1]])
elif args[1] == "compile":
    compile(option("--exclude-newer"))
else:
    what, file = "Failed to download", option("-r")
    common = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", file]
    if not offline:
        get("/")  # uv asks the index
        run(what, pip + ["download", "--quiet", "--index-url", index, "--find-links", cache, "-d", cache] + common)
    run(what, pip + ["--python", option("--python"), "install", "--quiet", "--no-index", "--find-links", cache] + common)
