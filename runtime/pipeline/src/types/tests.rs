use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Any type that a signature can have. A list of pairs with a string first is always a dictionary.
pub(crate) fn any_type() -> impl Strategy<Value = ParameterType> {
    use ParameterType as T;
    let leaf = prop_oneof![
        Just(T::Bool),
        Just(T::S8),
        Just(T::U8),
        Just(T::S32),
        Just(T::U64),
        Just(T::S64),
        Just(T::F32),
        Just(T::F64),
        Just(T::Char),
        Just(T::String),
        Just(T::Json),
        Just(T::Enum(vec!["fast".into(), "very-exact".into()])),
        Just(T::Flags(vec!["read".into(), "write".into(), "x".into()])),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|ty| T::Option(Box::new(ty))),
            inner.clone().prop_map(|ty| match ty {
                T::Tuple(items) if items.len() == 2 && items[0] == T::String => T::Map(Box::new(items[1].clone())),
                ty => T::List(Box::new(ty)),
            }),
            inner.clone().prop_map(|ty| T::Map(Box::new(ty))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(T::Tuple),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|types| {
                T::Record(types.into_iter().enumerate().map(|(i, ty)| (format!("field-{i}"), ty)).collect())
            }),
            prop::collection::vec(prop::option::of(inner), 1..4).prop_map(|types| {
                T::Variant(types.into_iter().enumerate().map(|(i, ty)| (format!("case-{i}"), ty)).collect())
            }),
        ]
    })
}

/// A value of a type, not always in canonical form.
pub(crate) fn value_of(ty: &ParameterType) -> BoxedStrategy<Value> {
    use ParameterType as T;
    if let Some((min, max)) = ty.integer_range() {
        let (min, max) = (i64::try_from(min).unwrap(), u64::try_from(max).unwrap());
        let small = i32::try_from(min.max(-1_000_000)).unwrap();
        return prop_oneof![
            Just(json!(min)),
            Just(json!(max)),
            (small..=i32::try_from(max.min(1_000_000)).unwrap())
                .prop_flat_map(|i| prop_oneof![Just(json!(i)), Just(json!(f64::from(i)))]),
        ]
        .boxed();
    }
    match ty {
        T::Bool => any::<bool>().prop_map(Value::from).boxed(),
        T::F32 => prop_oneof![
            any::<f32>().prop_filter("finite", |f| f.is_finite()).prop_map(|f| json!(f)),
            Just(json!(0.1)),
            Just(json!("NaN"))
        ]
        .boxed(),
        T::F64 => prop_oneof![
            any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(|f| json!(f)),
            any::<i64>().prop_map(Value::from),
            Just(json!("-Infinity"))
        ]
        .boxed(),
        T::Char => any::<char>().prop_map(|c| json!(c.to_string())).boxed(),
        T::String => ".{0,8}".prop_map(Value::from).boxed(),
        T::Enum(cases) => prop::sample::select(cases.clone()).prop_map(Value::from).boxed(),
        T::Flags(names) => {
            prop::sample::subsequence(names.clone(), 0..=names.len()).prop_shuffle().prop_map(|f| json!(f)).boxed()
        }
        T::Option(inner) => prop_oneof![Just(Value::Null), value_of(inner)].boxed(),
        T::List(inner) => prop::collection::vec(value_of(inner), 0..4).prop_map(Value::from).boxed(),
        T::Map(inner) => {
            prop::collection::btree_map("[a-z]{0,3}", value_of(inner), 0..4).prop_map(|map| json!(map)).boxed()
        }
        T::Tuple(types) => types.iter().map(value_of).collect::<Vec<_>>().prop_map(Value::from).boxed(),
        T::Record(fields) => {
            let names: Vec<String> = fields.iter().map(|(name, _)| name.clone()).collect();
            let values: Vec<_> = fields.iter().map(|(_, ty)| value_of(ty)).collect();
            values.prop_map(move |values| Value::Object(names.iter().cloned().zip(values).collect())).boxed()
        }
        T::Variant(cases) => {
            let cases = cases.iter().map(|(name, ty)| match ty {
                None => Just(json!(name)).boxed(),
                Some(ty) => {
                    let name = name.clone();
                    value_of(ty).prop_map(move |value| json!({ name.as_str(): value })).boxed()
                }
            });
            proptest::strategy::Union::new(cases).boxed()
        }
        _ => prop_oneof![Just(json!({"a": [1.0, 2, "x"]})), Just(json!(2.0)), Just(Value::Null)].boxed(),
    }
}

fn ty(text: &str) -> ParameterType {
    text.parse().unwrap()
}

proptest! {
    #[test]
    fn text_of_a_type_gives_the_type(ty in any_type()) {
        prop_assert_eq!(ty.to_string().parse::<ParameterType>(), Ok(ty));
    }

    #[test]
    fn any_text_is_a_type_or_an_error(text in ".{0,60}", typish in "[a-z0-9<>{}(), :%-]{0,60}") {
        let _ = text.parse::<ParameterType>();
        let _ = typish.parse::<ParameterType>();
    }

    #[test]
    fn coercing_twice_is_coercing_once((ty, value) in any_type().prop_flat_map(|ty| { let v = value_of(&ty); (Just(ty), v) })) {
        let once = ty.coerce(value.clone());
        prop_assert!(once.is_ok(), "{} {} {:?}", ty, value, once);
        let once = once.unwrap();
        prop_assert_eq!(ty.coerce(once.clone()), Ok(once.clone()));
        prop_assert!(ty.check(&once).is_ok());
    }

    /// What the static rule lets through, the check of the value lets through too.
    #[test]
    fn assignable_values_are_taken(
        (from, to, value) in (any_type(), any_type()).prop_flat_map(|(from, to)| {
            let value = value_of(&from);
            (Just(from), Just(to), value)
        })
    ) {
        let canonical = from.coerce(value).unwrap();
        // Whether what is inside of a json fits is seen only when it is there; an f32's range only for f64 values.
        if assignable(&from, &to).is_ok() && !from.to_string().contains("json") {
            prop_assert!(to.check(&canonical).is_ok(), "{} into {}: {:?} {}", from, to, to.check(&canonical), canonical);
        }
        prop_assert!(assignable(&from, &to).is_err() || may_fit(&from, &to).is_ok());
        prop_assert!(assignable(&from, &from).is_ok());
    }

    #[test]
    fn any_value_fits_or_is_refused(ty in any_type(), other in any_type().prop_flat_map(|ty| value_of(&ty)), text in ".{0,20}") {
        let _ = ty.coerce(other).map_err(|mismatch| mismatch.to_string());
        let _ = ty.parse(&text).map_err(|mismatch| mismatch.to_string());
    }
}

#[test]
fn short_words_are_types() {
    for (word, wit) in [
        ("int", "s64"),
        ("float", "f64"),
        ("str", "string"),
        ("list", "list<json>"),
        ("dict", "list<tuple<string, json>>"),
        ("dict<float>", "list<tuple<string, f64>>"),
        ("map<string, u8>", "list<tuple<string, u8>>"),
        (" option< list<string > >", "option<list<string>>"),
        ("record { a: u8, b-c: option<string>, }", "record { a: u8, b-c: option<string> }"),
    ] {
        assert_eq!(ty(word).to_string(), wit);
    }
}

#[test]
fn texts_that_are_no_types_say_why() {
    let say = |text: &str| {
        let wrong = text.parse::<ParameterType>().unwrap_err();
        format!("{} ({})", wrong.message, wrong.hint.unwrap_or_default())
    };
    insta::assert_snapshot!(
        [
            "u33",
            "stirng",
            "list<",
            "list<string",
            "u8 u9",
            "",
            "record {}",
            "tuple<>",
            "variant { a(u8 }",
            "dict<u8, u8>"
        ]
        .map(say)
        .join("\n")
    );
    assert!(say(&"list<".repeat(100_000)).contains("nested more than 32 deep"));
}

#[test]
fn values_are_brought_into_one_form() {
    for (text, value, canonical) in [
        ("u8", json!(3.0), json!(3)),
        ("s64", json!(-0.0), json!(0)),
        ("u64", json!(u64::MAX), json!(u64::MAX)),
        ("f64", json!(3), json!(3.0)),
        ("f32", json!(0.1_f32), json!(0.1)),
        ("f32", json!(0.1), json!(0.1)),
        ("f64", json!("NaN"), json!("NaN")),
        ("record { a: option<u8>, b: u8 }", json!({"a": null, "b": 1.0}), json!({"b": 1})),
        ("record { long-name: u8 }", json!({"long_name": 1}), json!({"long-name": 1})),
        ("flags { a, b }", json!(["b", "a", "b"]), json!(["a", "b"])),
        ("variant { none, some(u8) }", json!({"none": null}), json!("none")),
        ("variant { none, some(u8) }", json!({"some": 3.0}), json!({"some": 3})),
        ("dict<int>", json!([["a", 1.0]]), json!({"a": 1})),
        ("json", json!({"a": [1.0, 1, 1.5]}), json!({"a": [1.0, 1, 1.5]})),
        ("option<u8>", Value::Null, Value::Null),
    ] {
        assert_eq!(ty(text).coerce(value), Ok(canonical.clone()), "{text}");
        // Equal as JSON text too, which is what an identity is made of.
        assert_eq!(ty(text).coerce(canonical.clone()).unwrap().to_string(), canonical.to_string());
    }
}

#[test]
fn mismatches_name_the_place_and_the_reason() {
    let say = |(text, value): (&str, Value)| ty(text).check(&value).unwrap_err().to_string();
    let cases = [
        ("u8", json!(300)),
        ("u8", json!(-1)),
        ("u64", json!(1e30)),
        ("s32", json!(1.5)),
        ("s32", json!("7")),
        ("f64", json!("7")),
        ("f64", json!("much")),
        ("f32", json!(1e300)),
        ("bool", json!("yes")),
        ("string", json!(7)),
        ("char", json!("ab")),
        ("enum { fast, exact }", json!("exakt")),
        ("flags { read, write }", json!(["read", "wriet"])),
        ("list<u8>", json!([1, 2, 256])),
        ("tuple<u8, string>", json!([1])),
        ("dict<u8>", json!({"rows": 256})),
        ("list<record { rows: list<u8>, name: string }>", json!([{"rows": [1, "x"], "name": "n"}])),
        ("record { rows: u8, name: string }", json!({"rows": 1})),
        ("record { rows: u8 }", json!({"rows": 1, "name": "x"})),
        ("record { rows: option<u8> }", json!({"row": 1})),
        ("variant { none, some(u8) }", json!("some")),
        ("variant { none, some(u8) }", json!({"none": 3})),
        ("variant { none, some(u8) }", json!({"smoe": 3})),
        ("dict<u8>", json!([["a", 1], ["a", 2]])),
        ("u8", Value::Null),
        ("list<u8>", json!({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5})),
    ];
    insta::assert_snapshot!(cases.map(say).join("\n"));
}

#[test]
fn command_line_text_is_read_as_the_type_says() {
    for (text, given, value) in [
        ("string", "007", json!("007")),
        ("string", " a ", json!(" a ")),
        ("option<string>", "", json!("")),
        ("option<u8>", "", Value::Null),
        ("option<u8>", "null", Value::Null),
        ("u8", "3.0", json!(3)),
        ("u64", "18446744073709551615", json!(u64::MAX)),
        ("f64", "3", json!(3.0)),
        ("f64", "1e-3", json!(0.001)),
        ("f64", "inf", json!("Infinity")),
        ("bool", "True", json!(true)),
        ("enum { fast }", "fast", json!("fast")),
        ("list<u8>", "[1, 2]", json!([1, 2])),
        ("list<string>", "[a, 'b c']", json!(["a", "b c"])),
        ("dict<float>", "{a: 1}", json!({"a": 1.0})),
        ("variant { none, some(u8) }", "none", json!("none")),
        ("json", "{\"a\": [1, null]}", json!({"a": [1, null]})),
    ] {
        assert_eq!(ty(text).parse(given), Ok(value), "{text} {given}");
    }
    for (text, given) in [
        ("u8", "300"),
        ("u8", "x"),
        ("u8", ""),
        ("f64", "1e999"),
        ("bool", "ja"),
        ("list<u8>", "1"),
        ("list<u8>", "[1"),
    ] {
        assert!(ty(text).parse(given).is_err(), "{text} {given}");
    }
}

#[test]
fn outputs_go_where_every_value_fits() {
    let fits = [
        ("u8", "u16"),
        ("u8", "s16"),
        ("u32", "s64"),
        ("u64", "f64"),
        ("u16", "f32"),
        ("f32", "f64"),
        ("u8", "option<u8>"),
        ("enum { a }", "string"),
        ("char", "string"),
        ("enum { a }", "enum { b, a }"),
        ("tuple<u8, u8>", "list<u16>"),
        ("record { a: u8 }", "dict<f64>"),
        ("record { a: u8 }", "record { a: u16, b: option<u8> }"),
        ("list<u8>", "json"),
        ("json", "record { a: u8 }"),
        ("list", "list<string>"),
        ("flags { a }", "list<string>"),
        ("variant { a }", "variant { a, b(u8) }"),
        ("enum { a }", "variant { a, b(u8) }"),
    ];
    for (from, to) in fits {
        assert_eq!(assignable(&ty(from), &ty(to)), Ok(()), "{from} into {to}");
    }
    let only_some = [
        ("s64", "u8"),
        ("u8", "s8"),
        ("f64", "f32"),
        ("f64", "u8"),
        ("string", "enum { a }"),
        ("json", "u8"),
        ("option<u8>", "u8"),
        ("u32", "f32"),
        ("dict<u8>", "record { a: u8 }"),
    ];
    for (from, to) in only_some {
        assert!(assignable(&ty(from), &ty(to)).is_err(), "{from} into {to}");
        assert_eq!(may_fit(&ty(from), &ty(to)), Ok(()), "{from} into {to}");
    }
    for (from, to) in [
        ("string", "u8"),
        ("u8", "string"),
        ("bool", "u8"),
        ("list<u8>", "u8"),
        ("record { a: u8 }", "record { b: u8 }"),
    ] {
        assert!(may_fit(&ty(from), &ty(to)).is_err(), "{from} into {to}");
    }
}

#[test]
fn types_have_their_kfp_type() {
    for (text, kfp) in [
        ("u8", KfpType::NumberInteger),
        ("f32", KfpType::NumberDouble),
        ("bool", KfpType::Boolean),
        ("char", KfpType::String),
        ("enum { a }", KfpType::String),
        ("list<u8>", KfpType::List),
        ("tuple<u8>", KfpType::List),
        ("dict<u8>", KfpType::Struct),
        ("record { a: u8 }", KfpType::Struct),
        ("option<s64>", KfpType::NumberInteger),
        ("json", KfpType::Struct),
    ] {
        assert_eq!(ty(text).kfp(), kfp, "{text}");
    }
}

#[test]
fn artifact_types_come_from_wit_and_from_pipelines() {
    let title = |package, resource| ArtifactType::from_wit(package, resource).0;
    assert_eq!(title("acme:types@1.2.0", "embedding-index"), "acme.EmbeddingIndex");
    assert_eq!(title("weft:component@0.1.0", "sliced-classification-metrics"), "system.SlicedClassificationMetrics");
    assert_eq!(title("weft:component", "html"), "system.HTML");
    assert_eq!(title("acme:types", "dataset"), "acme.Dataset");

    assert_eq!(ArtifactType::parse("Classification_Metrics").unwrap().0, "system.ClassificationMetrics");
    assert_eq!(ArtifactType::parse("google.VertexModel").unwrap().short(), "google.VertexModel");
    assert_eq!(ArtifactType::parse("system.Model").unwrap().short(), "model");
    assert_eq!(ArtifactType::parse("datset").unwrap_err(), "did you mean `dataset`?");
    assert_eq!(ArtifactType::parse("system.Modell").unwrap_err(), "did you mean `system.Model`?");
    assert!(ArtifactType::parse("acme.").is_err() && ArtifactType::parse("x y.z").is_err());

    let [any, model] = ["artifact", "model"].map(|name| ArtifactType::parse(name).unwrap());
    assert!(any.accepts(&model) && model.accepts(&model) && !model.accepts(&any));
}
