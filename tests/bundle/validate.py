"""Checks with the validator of the RO-Crate community that a bundle is a Process Run Crate.

    python validate.py BUNDLE

unpacks the bundle with other programs, compares all files with their checksums, and validates the description. It also
checks that the validator notices each fault that is made here: what never fails shows nothing.

Needs the packages roc-validator and rocrate, `tar` and `zstd`, and no network: the vocabulary that the description
names by its address comes from rocrate.
"""

import importlib.resources
import json
import pathlib
import subprocess
import sys
import tempfile

import requests
from rdflib.plugins.shared.jsonld import context as rdflib_context
from rocrate_validator import services
from rocrate_validator.models import Severity

PROFILE = "process-run-crate-0.5"
ADDRESS = "https://w3id.org/ro/crate/1.1/context"


def offline():
    """Serves the vocabulary from rocrate, and refuses every other request."""
    text = importlib.resources.files("rocrate").joinpath("data/ro-crate.jsonld").read_text()

    def send(_session, request, **_options):
        if request.url != ADDRESS:
            raise requests.ConnectionError(f"no network for {request.url}")
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response.headers["Content-Type"] = "application/ld+json"
        response._content, response.encoding = text.encode(), "utf-8"
        return response

    requests.Session.send = send
    read = rdflib_context.source_to_json

    def source_to_json(source, *arguments, **options):
        if str(source) == ADDRESS:
            return json.loads(text), None
        return read(source, *arguments, **options)

    rdflib_context.source_to_json = source_to_json


def issues(crate):
    """What the validator finds at a required level."""
    settings = services.ValidationSettings(
        rocrate_uri=str(crate),
        profile_identifier=PROFILE,
        requirement_severity=Severity.REQUIRED,
        no_cache=True,
    )
    return [f"{issue.check.identifier}: {issue.message}" for issue in services.validate(settings).get_issues()]


def entity(graph, identity):
    return next(one for one in graph if one["@id"] == identity)


def faults():
    """Changes that make a description wrong."""
    yield "no name", lambda graph: entity(graph, "./").pop("name")
    yield "no license", lambda graph: entity(graph, "./").pop("license")
    yield "no profile", lambda graph: entity(graph, "./").pop("conformsTo")
    yield "no date", lambda graph: entity(graph, "./").pop("datePublished")
    yield "no program", lambda graph: entity(graph, "#report").pop("instrument")
    yield "a file that is not there", lambda graph: graph.append({"@id": "none.txt", "@type": "File", "name": "none"})


def main(bundle):
    offline()
    with tempfile.TemporaryDirectory() as directory:
        crate = pathlib.Path(directory)
        subprocess.run(["tar", "--zstd", "-xf", bundle, "-C", crate], check=True)
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "manifest-sha256.txt"], cwd=crate, check=True)
        found = issues(crate)
        if found:
            sys.exit("\n".join(["the bundle is no Process Run Crate:", *found]))
        path = crate / "ro-crate-metadata.json"
        sound = path.read_text()
        for fault, make in faults():
            document = json.loads(sound)
            make(document["@graph"])
            path.write_text(json.dumps(document))
            if not issues(crate):
                sys.exit(f"the validator does not notice: {fault}")
    print("the bundle is a Process Run Crate 0.5, and the validator notices each fault")


if __name__ == "__main__":
    main(*sys.argv[1:])
