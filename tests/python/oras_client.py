"""oras: pulls into a folder, or pushes files."""

import os
import sys

import oras.client

what, reference, *arguments = sys.argv[1:]
client = oras.client.OrasClient(insecure=True)
if what == "pull":
    for path in client.pull(target=reference, outdir=os.path.abspath(arguments[0])):
        print(path)
elif what == "push":
    client.push(target=reference, files=arguments)
elif what == "push-component":
    with open("config.json", "w") as config:
        config.write('{"architecture":"wasm","os":"wasip2"}')
    component = f"{arguments[0]}:application/wasm"
    client.push(target=reference, files=[component], manifest_config="config.json:application/vnd.wasm.config.v0+json")
