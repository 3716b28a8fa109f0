mod rendered;

use std::fmt::Write as _;
use std::time::Duration;

use super::*;
use crate::ir::read::read_pipeline;
use crate::model::{Format, Wire};
use crate::testing::{PENGUINS, linked, processor_time};

/// A condition, and a loop with a command in it.
const NESTED: &str = r#"
schemaVersion: 2.1.0
pipelineInfo: { name: 'nested <"&>' }
deploymentSpec:
  executors:
    exec-flip: { container: { image: alpine, command: [sh, -c, 'echo heads > {{$.outputs.parameters["side"].output_file}}'] } }
    exec-work: { container: { image: alpine, command: [echo, "{{$.inputs.parameters['item']}}"] } }
components:
  comp-flip: { executorLabel: exec-flip, outputDefinitions: { parameters: { side: { parameterType: STRING } } } }
  comp-work: { executorLabel: exec-work, inputDefinitions: { parameters: { item: { parameterType: STRING } } } }
  comp-loop:
    inputDefinitions: { parameters: { item: { parameterType: STRING } } }
    dag: { tasks: { work: { componentRef: { name: comp-work }, inputs: { parameters: { item: { componentInputParameter: item } } } } } }
  comp-condition-1:
    inputDefinitions: { parameters: { pipelinechannel--flip-side: { parameterType: STRING } } }
    dag:
      tasks:
        for-loop-1:
          componentRef: { name: comp-loop }
          parameterIterator: { itemInput: item, items: { raw: '["a", "b", "c"]' } }
          iteratorPolicy: { parallelismLimit: 2 }
root:
  dag:
    tasks:
      flip: { componentRef: { name: comp-flip } }
      condition-1:
        componentRef: { name: comp-condition-1 }
        dependentTasks: [flip]
        inputs: { parameters: { pipelinechannel--flip-side: { taskOutputParameter: { producerTask: flip, outputParameterKey: side } } } }
        triggerPolicy: { condition: "inputs.parameter_values['pipelinechannel--flip-side'] == 'heads'" }
      report:
        taskInfo: { name: Report at the end }
        componentRef: { name: comp-work }
        dependentTasks: [condition-1]
        inputs: { parameters: { item: { runtimeValue: { constant: done } } } }
        triggerPolicy: { strategy: ALL_UPSTREAM_TASKS_COMPLETED }
"#;

pub(super) fn nested() -> Pipeline {
    read_pipeline(NESTED).unwrap().pipeline
}

/// Tags are closed in the order in which they were opened, and there is no stray `<` or `&`.
fn assert_well_formed(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    for (at, piece) in xml.split('<').enumerate().skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("part {at} is not closed: {piece}"));
        for entity in [text, tag].iter().flat_map(|part| part.split('&').skip(1)) {
            assert!(["amp;", "lt;", "gt;", "quot;"].iter().any(|known| entity.starts_with(known)), "{entity}");
        }
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_native_pipeline_is_drawn() {
    let pipeline = linked(PENGUINS);
    insta::assert_snapshot!(dot(&pipeline));
    let drawn = svg(&pipeline);
    assert_well_formed(&drawn);
    assert_eq!(drawn, svg(&pipeline));
    assert_eq!(drawn.matches("class=\"node").count(), 7);
}

#[test]
fn dags_are_drawn_inside_their_tasks() {
    let pipeline = nested();
    insta::assert_snapshot!(dot(&pipeline));
    let drawn = svg(&pipeline);
    assert_well_formed(&drawn);
    insta::assert_snapshot!("nested_svg", drawn);
}

#[test]
fn a_thousand_tasks_are_drawn_at_once() {
    let mut pipeline = Pipeline::default();
    let mut dag = Dag::default();
    for at in 0..1_000_usize {
        let mut task = Task { component: "comp".into(), ..Task::default() };
        for before in [at / 2, at / 3, at.saturating_sub(40)].into_iter().filter(|before| *before < at) {
            let from = Binding::Output { task: format!("task-{before}"), output: "model".into() };
            task.inputs.insert(format!("in-{before}"), Wire::from(from));
        }
        dag.tasks.insert(format!("task-{at}"), task);
    }
    pipeline.root.implementation = Implementation::Dag(dag);
    let ((svg, dot), took) = processor_time(|| (svg(&pipeline), dot(&pipeline)));
    assert_well_formed(&svg);
    assert!(dot.len() > 10_000);
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// A pipeline of DAGs inside of each other, so many tasks in each.
fn tower(depth: usize, tasks: usize) -> Pipeline {
    let mut pipeline = Pipeline { name: "tower".into(), format: Format::Kfp, ..Pipeline::default() };
    let dag = |below: usize| {
        let task = || Task { component: format!("comp-{below}"), ..Task::default() };
        let tasks = (0..tasks).map(|at| (format!("t{at}"), task())).collect();
        Component { implementation: Implementation::Dag(Dag { tasks, ..Dag::default() }), ..Component::default() }
    };
    for level in 1..depth {
        pipeline.components.insert(format!("comp-{level}"), dag(level + 1));
    }
    pipeline.components.insert(format!("comp-{depth}"), Component::default());
    pipeline.root = dag(1);
    pipeline
}

#[test]
fn deep_nesting_needs_no_deep_stack() {
    let drawn = svg(&tower(1_000, 1));
    assert_well_formed(&drawn);
    assert!(drawn.contains("t0"));
    let dot = dot(&tower(1_000, 1));
    assert_eq!(dot.matches('{').count(), dot.matches('}').count());
}

#[test]
fn what_would_be_endless_is_cut_off() {
    // Each level holds the next ten times.
    let graph = Graph::of(&tower(30, 10));
    let count: usize = graph.scopes.iter().map(|scope| scope.nodes.len()).sum();
    assert!(count <= MAX_TASKS && count > 1_000, "{count}");
    // One that holds itself.
    let mut pipeline = tower(1, 1);
    let inner = pipeline.root.clone();
    pipeline.components.insert("comp-1".into(), inner);
    assert_well_formed(&svg(&pipeline));
    assert_eq!(Graph::of(&pipeline).scopes.len(), 2);
    assert_eq!(svg(&Pipeline::default()).matches("<svg").count(), 1);
}

#[test]
fn names_of_any_kind_are_escaped() {
    let mut pipeline = Pipeline { name: "a \"<&>\u{1}\\N\n日本".into(), ..Pipeline::default() };
    let mut dag = Dag::default();
    let mut long = String::new();
    let _ = write!(long, "{}", "x".repeat(500));
    for name in ["\"]; evil [label=\"", "</svg><script>", "back\\slash", &long] {
        dag.tasks.insert(name.to_owned(), Task::default());
    }
    pipeline.root.implementation = Implementation::Dag(dag);
    assert_well_formed(&svg(&pipeline));
    assert!(!svg(&pipeline).contains("<script"));
    // Graphviz takes no text of any length.
    let text = Binding::Literal("y".repeat(100_000).into());
    let Implementation::Dag(dag) = &mut pipeline.root.implementation else { panic!() };
    for at in 0..100 {
        dag.tasks[0].inputs.insert(format!("in-{at}"), Wire::from(text.clone()));
    }
    assert!(super::dot(&pipeline).lines().all(|line| line.len() < 16_384));
    let dot = dot(&pipeline);
    assert!(dot.contains(r#""\"]; evil [label=\"""#) && dot.contains(r"back\\slash"), "{dot}");
}
