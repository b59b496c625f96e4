"""Serves event files with the real TensorBoard and prints, as JSON, what its pages would show.

Made with tensorboard==2.21.0, which needs no TensorFlow. Run: python tensorboard_check.py LOG_DIR

  scalars     run -> tag -> [[step, value], ...]
  histograms  run -> tag -> [[step, [[left, right, count], ...]], ...]
  images      run -> tag -> [[step, width, height, the first bytes of the file], ...]
  graph       [[name, class, [names of inputs]], ...] of the run "train" and its tag "keras"
  default     the same for the graph that the page begins with
"""

import json
import struct
import sys
import time
import urllib.parse
import urllib.request

from google.protobuf import text_format
from tensorboard import default, program
from tensorboard.compat.proto.graph_pb2 import GraphDef


def main(log_dir):
    board = program.TensorBoard(default.get_plugins())
    board.configure(argv=[None, "--logdir", log_dir, "--host", "127.0.0.1", "--port", "0", "--reload_interval", "1"])
    url = board.launch()

    def fetch(path, **query):
        query = "?" + urllib.parse.urlencode(query) if query else ""
        with urllib.request.urlopen(f"{url}data/plugin/{path}{query}") as answer:
            return answer.read()

    def ask(path, **query):
        return json.loads(fetch(path, **query))

    def of_all_tags(plugin, read):
        tags = ask(f"{plugin}/tags").items()
        return {run: {tag: read(run=run, tag=tag) for tag in sorted(of_run)} for run, of_run in sorted(tags)}

    def image(run, tag):
        shown = []
        for entry in ask("images/images", run=run, tag=tag, sample=0):
            png = urllib.request.urlopen(f"{url}data/plugin/images/individualImage?{entry['query']}").read()
            shown.append([entry["step"], *struct.unpack(">II", png[16:24]), png[1:4].decode()])
        return shown

    wait_until_loaded(lambda: ask("scalars/tags"))
    return {
        "scalars": of_all_tags("scalars", lambda **at: [event[1:] for event in ask("scalars/scalars", **at)]),
        "histograms": of_all_tags("histograms", lambda **at: [event[1:] for event in ask("histograms/histograms", **at)]),
        "images": of_all_tags("images", image),
        "graph": nodes(fetch("graphs/graph", run="train", tag="keras", conceptual="true")),
        "default": nodes(fetch("graphs/graph", run="train", conceptual="false")),
    }


def wait_until_loaded(look, seconds=60):
    """TensorBoard loads in the background: waits until what it has stays the same."""
    end, before = time.monotonic() + seconds, {}
    while time.monotonic() < end:
        now = look()
        if now and now == before:
            return
        before = now
        time.sleep(0.5)
    sys.exit("TensorBoard has loaded nothing")


def nodes(graph):
    parsed = text_format.Parse(graph.decode(), GraphDef())
    return [[node.name, node.op or node.attr["keras_class"].s.decode(), list(node.input)] for node in parsed.node]


print(json.dumps(main(sys.argv[1])))
