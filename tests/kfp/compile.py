#!/usr/bin/env python3
"""Compiles the pipelines of this corpus: `compile.py OUT [NAME...]`.

Makes `OUT/NAME.yaml`, what the KFP SDK's compiler wrote, and `OUT/NAME.json`, what to expect of it. Files that
are already made from the same source by the same SDK are left as they are.
"""

import pathlib
import sys
import traceback
import warnings

import corpus


def amended(text, amend):
    """Compiled text with the specification changed by the pipeline file's own `amend`."""
    import yaml
    # No aliases: parts that the amendment repeats are to be written out.
    dumper = type('Dumper', (yaml.SafeDumper,), {'ignore_aliases': lambda *_: True})
    documents = list(yaml.safe_load_all(text))
    documents = amend(*documents) or documents
    return yaml.dump_all(documents, Dumper=dumper, sort_keys=True, allow_unicode=True)


def compiled(compiler, out, name, path):
    """Writes what is made of one pipeline file."""
    module = corpus.load(path)
    written = out / '.made' / f'{name}.compiled.yaml'
    written.parent.mkdir(parents=True, exist_ok=True)
    compiler.Compiler().compile(module.pipeline, str(written))
    text = written.read_text(encoding='utf-8')
    written.unlink()
    if hasattr(module, 'amend'):
        text = amended(text, module.amend)
    corpus.write(out / f'{name}.yaml', text)
    corpus.write_json(out / f'{name}.json', {**module.EXPECT, 'folder': path.parent.name})


def forget(out):
    """Removes what was made of pipelines that are no more."""
    known = corpus.find([])
    for made in [*out.glob('*.yaml'), *out.glob('*.json')]:
        if made.name.split('.')[0] not in known:
            made.unlink()


def main(out, names):
    out = pathlib.Path(out).resolve()
    if not names:
        forget(out)
    stale = {}
    for name, path in corpus.find(names).items():
        mark = corpus.fingerprint(path, __file__)
        if not corpus.fresh(out, name, 'yaml', mark):
            stale[name] = path, mark
    if not stale:
        return
    # Imported only now: it takes longer than everything else.
    from kfp import compiler
    warnings.filterwarnings('ignore')
    broken = []
    for name, (path, mark) in stale.items():
        try:
            compiled(compiler, out, name, path)
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc()
            broken.append(name)
            continue
        corpus.made(out, name, 'yaml', mark)
        print(f'compiled {path.relative_to(corpus.HERE)}')
    if broken:
        sys.exit(f'these do not compile: {", ".join(broken)}')


if __name__ == '__main__':
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with corpus.alone(sys.argv[1]):
        main(sys.argv[1], sys.argv[2:])
