def @text: plain | "\(.)";
def tostring: @text;
def @json: tojson;
def @html: tostring | escape_html;
def @uri: tostring | encode_uri;
def @base64: tostring | encode_base64;
def @base64d: tostring | decode_base64;
def @sh: [if isarray then .[] end | if isstring then "'\(escape_sh)'" else tojson end] | join(" ");
def @csv: [.[] | if isstring then "\"" + (split("\"") | join("\"\"")) + "\"" elif . == null then "" else tostring end] | join(",");
def @tsv: [.[] | if . == null then "" else tostring | gsub("\\\\"; "\\\\") | gsub("\t"; "\\t") | gsub("\n"; "\\n") | gsub("\r"; "\\r") end] | join("\t");

def join($separator):
  reduce .[] as $item (null;
    (if . == null then "" else . + $separator end)
    + ($item | if . == null then "" elif isboolean or isnumber then tojson else . end))
  // "";

def halt_error($status): (if isstring then . else tojson + "\n" end | stderr_empty), halt($status);
def halt_error: halt_error(5);

def from_entries:
  reduce .[] as $entry ({};
    . + {($entry
          | [.key, .k, .name, .Name, .Key, .K | select(. != null)][0]
          | if isstring then . elif . == null then "null" else tojson end):
         ($entry | if has("value") then .value elif has("v") then .v else .Value end)});
def with_entries(f): to_entries | map(f) | from_entries;

def tostream:
  path(def rec: (.[]? | rec), .; rec) as $path
  | getpath($path)
  | reduce path(.[]?) as $child ([$path, .]; [$path + $child]);

def setpath($path; $value):
  if ($path | length) == 0 then $value
  else
    $path[0] as $key
    | (if . == null then (if $key | isnumber then [] else {} end) else . end)
    | if isarray and ($key | isnumber) and $key >= length
      then . + [range(length; $key) | null] + [null | setpath($path[1:]; $value)]
      else .[$key] |= setpath($path[1:]; $value) end
  end;

def without($path):
  $path[0] as $key
  | if . == null then .
    elif ($path | length) > 1 then if getpath($path[:-1]) == null then . else .[$key] |= without($path[1:]) end
    elif isobject then . as $object | reduce (keys_unsorted[] | select(. != $key)) as $kept ({}; .[$kept] = $object[$kept])
    else .[$key] |= empty end;
def delpaths($paths): if any($paths[]; length == 0) then null else reduce ($paths | sort | reverse[]) as $path (.; without($path)) end;
def del(f): delpaths([path(f)]);

def assign_paths(paths; $value): reduce path(paths) as $path (.; setpath($path; $value));
def update_paths(paths; f):
  reduce path(paths) as $path (.;
    . as $whole
    | [getpath($path) | first(f)]
    | if length == 0 then $whole | delpaths([$path]) else .[0] as $value | $whole | setpath($path; $value) end);

def IN(stream): any(stream == .; .);
def IN(source; stream): any(source == stream; .);
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] |= $row);
def INDEX(f): INDEX(.[]; f);
def ascii: [.] | implode;
def leaf_paths: paths(scalars);
def finites: select(isinfinite or isnan | not);
def todate: todateiso8601;
def date: todate;
def dateadd(unit; $seconds): . + $seconds;
def datesub(unit; $seconds): . - $seconds;
def isvalid(f): try (f | true) catch false;
def recurse_down: recurse;
def objects_or_arrays: iterables;
def input_line_number: 0;
