use super::*;

#[test]
fn the_format_is_told_by_its_fields() {
    for text in [
        "schemaVersion: 2.1.0\n",
        "# x\n\"pipelineInfo\":\n",
        "{\"pipeline_spec\": {}}",
        "pipeline_spec:\n",
        " {\"pipelineInfo\":1}",
    ] {
        assert!(looks_like_ir(text), "{text}");
    }
    for text in ["name: n\nsteps:\n", "", "steps:\n  schemaVersion: {}\n", "{\"steps\": {}}", "schemaVersion"] {
        assert!(!looks_like_ir(text), "{text}");
    }
}
