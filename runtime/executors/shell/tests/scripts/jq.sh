cat > model.json <<'J'
{"name": "resnet", "accuracy": 0.93, "epochs": 10, "tags": ["cv", "prod"], "layers": [{"n": 64, "k": 3}, {"n": 128, "k": 3}], "parent": null, "ok": true, "text": "a \"q\" \u00e9\n"}
J
jq . model.json
jq -c . model.json
jq -r '.name, .tags[0], .text' model.json
jq '.accuracy, .epochs, .epochs / 2, .epochs / 4, .accuracy * 100, .parent, .missing' model.json
jq -r '"\(.name): \(.accuracy) \(.epochs / 5) \(.tags) \(.missing)"' model.json
jq -r '"acc=\(.accuracy * 2)" | @text, @json, @base64, @uri, @html, @sh' model.json
jq -r '[1, "a\tb", null, true, 1.5, 4 / 2] | @csv, @tsv' model.json
jq -r '.layers | map(.n) | add, length, max, min, (add / length)' model.json
jq -c '.layers[] | select(.n > 100) | {n, double: (.n * 2)}' model.json
jq -c 'keys, (.tags | index("prod")), has("name"), (to_entries | map(.key)), with_entries(select(.value | type == "number"))' model.json
jq -c 'del(.layers, .text) | .tags += ["new"] | .epochs |= . + 1 | .accuracy = 1 | .extra.deep[1] = "x" | .none |= 3 | .more.x += 1 | .other.y //= "z"' model.json
jq --arg name bert --argjson n 3 -c '{$name, n: ($n + 1), all: $ARGS.named}' model.json
jq -n -c '[range(5)], [limit(3; range(10))], [1, [2, [3]]] == [1, [2, [3]]], ([1, [2, [3]]] | flatten)'
jq -n -c '[3, 1, 2] | sort, reverse, (map(. * 2) | add), any(. > 2), all(. > 2), first, last, unique, group_by(. % 2)'
jq -n -c '"a,b, c" | split(", "), split(","), ascii_upcase, length, test("b"), sub("b"; "x"), gsub("[a-c]"; "<\(.)>"), [match("[a-c]"; "g").offset], (capture("(?<x>b)") | .x), ltrimstr("a"), startswith("a"), .[2:4]'
jq -n -c '[{"a": 1, "b": 2}, {"a": 3}] | map(.b // "none"), (map({(.a | tostring): .b}) | add), (.[0] * {"c": {"d": 1}}), map(has("b")), map(.a) == [1, 3], INDEX(.a)'
jq -n 'reduce range(10) as $i (0; . + $i), [foreach range(4) as $i (0; . + $i)], ([1, 2] | combinations?), (try error("bad") catch .), ([.[]?] | length), (null | not)' -c
jq -n -c 'def f(x): x * 2; f(3), f(4), (if 1 > 2 then "a" elif 2 > 1 then "b" else "c" end), ([paths] | length), ({"a": [1, {"b": 2}]} | [paths], [leaf_paths], getpath(["a", 1, "b"])), ({} | setpath(["x", "y"]; 1))'
jq -n -c '1, 1.5, 100000000000, 3.0 * 2, 1e3, 0.1 + 0.2, 1 / 3, 1.5e300 * 2, 1e-5, 0.00001234, -0.5, (5 | sqrt), (16 | sqrt), pow(2; 10), (3.7 | floor, ceil, round), 17 % 5, 4294967296 * 4, 5000000000 + 1, 123456789012'
jq -n -c '"1.50" | tonumber, (tonumber | tostring), ("12" | tonumber + 1), ([1, 2.5] | tojson), ("[1, {\"a\": 2.0}]" | fromjson), (2 / 1 | tostring), ([4 / 2] | tojson), ({"a": (6 / 3)} | tojson)'
jq -n -r '[1, 2, 4 / 2] | join("-"), (map(tostring) | join(",")), ([null, "a"] | join("+"))'
jq -n -c '0 | todate, (1425599621 | todate), ("2015-03-05T23:53:41Z" | fromdate), (1425599621 | strftime("%Y-%m-%d %H:%M")), ("2015-03-05T23:53:41Z" | strptime("%Y-%m-%dT%H:%M:%SZ") | mktime)'
printf '{"a":1}\n{"a":2}\n' | jq -c -s '.'; printf '{"a":1}{"a":2} 3' | jq -c .
printf 'one\ntwo\n' | jq -R .; printf 'one\ntwo\n' | jq -R -s -c 'split("\n")'; printf '1 2 3' | jq -n '[inputs] | add'; printf '1 2 3' | jq -c '[., input]' 2>/dev/null; echo $?
jq -e .ok model.json; echo $?; jq -e .parent model.json; echo $?; jq -e empty model.json; echo $?; jq '.name + 1' model.json 2>/dev/null; echo $?
printf '1 "a" 2' | jq '. + 1' 2>/dev/null; echo $?; echo '{bad' | jq . 2>/dev/null || echo wrong; jq '.[' model.json 2>/dev/null; echo $?; jq . nowhere.json 2>/dev/null; echo $?
jq -S -c . model.json; jq --tab '.tags' model.json; jq --indent 1 .tags model.json; jq -j '.tags[]' model.json; echo
jq -n -c --args '$ARGS.positional' a b; jq -n -c --jsonargs '$ARGS.positional' 1 '{"a":2}'; jq -c --slurpfile m model.json -n '$m[0].name'; jq --rawfile m fruit.txt -n '$m | length'
export WHO=me; jq -n -r 'env.WHO, $ENV.WHO, (env | type)'; jq -n '"x" | halt_error' 2>&1; echo; jq -n '{} | halt_error(3)' 2>&1; echo $?
echo '.name' > program.jq; jq -f program.jq model.json; jq -r '.layers[] | [.n, .k] | @tsv' model.json | while read -r n k; do echo "$n/$k"; done; name=$(jq -r .name model.json); echo "$name"
jq -n -c '{"a": {"b": [1, 2, {"c": 3}]}} | [..] | length, ([1, 2, 3] | .[1:], .[-1], .[:-1]), ({"b": 1, "a": 2} | to_entries, keys, keys_unsorted, map_values(. + 1), add), ([[1, 2], [3, 4]] | transpose), ("abc" | explode, (explode | implode)), ([1, 2, 3] | contains([1]), inside([1, 2, 3, 4])), (["a", "b"] | IN("a", ["a", "b"])), ([2, 1] | min_by(.), max_by(.)), ({} | .a.b.c), ([1, null, 2] | map(values)), ("x" * 3), ({"a": 1} + {"b": 2}), ([1, 2, 3] - [2]), ("a-b" / "-")'
jq -n -c '[{"name": "a", "value": 1}, {"key": "b", "value": 2}] | from_entries, ([{"key": "x", "value": null}] | from_entries), ([true, null, 1, "a", [], {}] | map(type)), (label $out | 1, break $out, 2), ("test" | ascii_downcase, utf8bytelength), ([splits("a")?] | length), ([.[]?]), (input_line_number | type), ([1, 2] | tojson | fromjson), walk(if type == "number" then . + 1 else . end)?, ([1, [2]] | walk(if type == "number" then . + 1 else . end)), ({"a": [1, 2]} | tostream | tojson)'
jq -n -c '{"a": [1, 2, 3], "b": {"c": 1, "d": 2}} | del(.a[0]), del(.a[0, 2]), del(.b.c), del(.x.y), del(.a[]), del(.a[1:]), delpaths([["b"], ["a", 0]]), del(.[]), (.a[1:] = [9]), (.b[] += 1), (.x.y.z |= "new"), (.a |= map(. + 1)), (.b.c |= empty)'
