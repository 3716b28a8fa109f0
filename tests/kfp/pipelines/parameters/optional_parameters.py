"""Optional parameters: given, left out, explicitly `None`; left-out ones are absent from what the executor gets."""

from typing import List, Optional

from kfp import dsl


@dsl.component
def what(
    name: Optional[str] = None,
    count: Optional[int] = None,
    items: Optional[List[str]] = None,
    table: Optional[dict] = None,
    flag: Optional[bool] = None,
) -> str:
    given = {'name': name, 'count': count, 'items': items, 'table': table, 'flag': flag}
    return ','.join(key for key, value in given.items() if value is not None) or 'nothing'


@dsl.component
def keys(executor_says: str, more: Optional[str] = None) -> str:
    return executor_says + ('+' + more if more else '')


@dsl.pipeline(name='optional-parameters')
def pipeline(name: Optional[str] = None, count: Optional[int] = None, items: Optional[List[str]] = None) -> str:
    nothing = what()
    passed = what(name=name, count=count, items=items)
    direct = what(count=0, items=[], table={}, flag=False)
    first = keys(executor_says=nothing.output, more=passed.output)
    return keys(executor_says=first.output, more=direct.output).output


EXPECT = {
    'arguments': {'count': 4},
    'outputs': {'Output': 'nothing+count+count,items,table,flag'},
    'compare': 'kfp.local cannot pass an absent optional parameter on',
}
