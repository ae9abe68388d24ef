"""Reads a CycloneDX 1.6 document with CycloneDX's own library: against the strict schema, and whether all that it depends
on is in it. Prints ork and each component as: NAME VERSION SCOPE PURL COMMIT, - for what is not there, and then what ork
depends on.
"""

import json
import pathlib
import sys

from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = pathlib.Path(sys.argv[1]).read_text()
if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
    sys.exit(str(error))
document = Bom.from_json(json.loads(text))
document.validate()

ork = document.metadata.component
for part in [ork, *document.components]:
    commits = [str(swhid).removeprefix("swh:1:rev:") for swhid in part.swhids]
    scope = part.scope.value if part.scope else "-"
    print(part.name, part.version, scope, part.purl or "-", *(commits or ["-"]))
needed = next(entry for entry in document.dependencies if entry.ref == ork.bom_ref)
print("depends on", *sorted(entry.ref.value for entry in needed.dependencies))
