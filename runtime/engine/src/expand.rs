//! Expansion: the nodes of a DAG's tasks when it starts, and of a loop's iterations while its window has room.

use weft_pipeline::model::{Component, Dag, Task};
use weft_pipeline::step::{PortValue, PortValues};

use crate::loops::{self, LoopState};
use crate::node::{Body, Frame, Node};
use crate::plan;
use crate::run::Run;

impl<'r> Run<'r> {
    /// Adds the tasks of a DAG.
    pub fn expand_dag(&mut self, dag: &'r Dag, owner: Option<usize>, inputs: PortValues) {
        let first = self.nodes.len();
        let frame = self.add_frame(Body::Dag { dag, first }, owner, inputs, dag.tasks.len());
        // Of most pipelines these are all; what is expanded later grows by doubling.
        if owner.is_none() {
            self.nodes.reserve_exact(dag.tasks.len());
        }
        for (name, task) in &dag.tasks {
            // `Plan::new` has checked that there is such a component.
            let Some(component) = self.plan.pipeline.components.get(&task.component) else { continue };
            let path = owner.map_or_else(|| name.clone(), |owner| format!("{}/{name}", self.nodes[owner].path));
            self.add_node(path, task, component, frame);
        }
        self.scheduler.add(&plan::dependencies(dag, first));
    }

    /// Adds the first iterations of a loop.
    pub fn expand_loop(&mut self, owner: usize, items: Vec<PortValue>, inputs: PortValues) {
        let Node { task, component, .. } = self.nodes[owner];
        let Some(each) = &task.each else { return };
        let count = items.len();
        let shared = loops::shared_inputs(self.plan.pipeline, each, component, inputs);
        let state = LoopState::new(each, items, self.engine.options.jobs.get());
        let frame = self.add_frame(Body::Loop(state), Some(owner), shared, count);
        self.expand_iterations(frame);
    }

    /// Adds iterations of a loop while fewer than its window are unsettled.
    pub fn expand_iterations(&mut self, frame: usize) {
        loop {
            let Frame { body: Body::Loop(state), owner: Some(owner), inputs, unsettled, .. } = &mut self.frames[frame]
            else {
                return;
            };
            if *unsettled - state.items.len() >= state.window {
                return;
            }
            let Some(item) = state.items.next() else { return };
            let mut iteration_inputs = inputs.clone();
            iteration_inputs.insert(state.item.to_owned(), item);
            let number = state.iterations.len();
            let index = self.nodes.len();
            state.iterations.push(index);
            let Node { task, component, .. } = self.nodes[*owner];
            let path = format!("{}[{number}]", self.nodes[*owner].path);
            self.add_node(path, task, component, frame);
            self.nodes[index].iteration = u32::try_from(number).ok();
            self.nodes[index].iteration_inputs = Some(Box::new(iteration_inputs));
            self.scheduler.add(&[Vec::new()]);
        }
    }

    fn add_frame(&mut self, body: Body<'r>, owner: Option<usize>, inputs: PortValues, unsettled: usize) -> usize {
        let frame = self.frames.len();
        let stale = owner.is_some_and(|owner| self.has_new_upstream(owner));
        self.frames.push(Frame { body, owner, inputs, stale, unsettled });
        if let Some(owner) = owner {
            self.nodes[owner].expanded = Some(frame);
        }
        frame
    }

    fn add_node(&mut self, path: String, task: &'r Task, component: &'r Component, frame: usize) {
        let earlier = self.earlier.remove(&path).map(Box::new);
        let owner = self.frames[frame].owner.map(|owner| self.nodes[owner].retry);
        let retry = owner.filter(|_| task.retry.max == 0).unwrap_or(&task.retry);
        self.nodes.push(Node {
            path,
            task,
            component,
            step: self.plan.step(task),
            frame,
            iteration: None,
            iteration_inputs: None,
            execution: None,
            retry,
            attempt: 1,
            job: None,
            expanded: None,
            earlier,
            restored: false,
            report: None,
            root_cause: None,
        });
    }

    /// Whether this process executed anything upstream of a ready task. The record of an earlier process is then not
    /// adopted, as it may be of other inputs.
    pub fn has_new_upstream(&self, node: usize) -> bool {
        let Node { task, frame, iteration, .. } = &self.nodes[node];
        let Frame { stale, body, .. } = &self.frames[*frame];
        let new = |name: &String| self.find(*frame, name).is_some_and(|on| !self.nodes[on].restored);
        *stale || (iteration.is_none() && matches!(body, Body::Dag { .. }) && task.dependencies().iter().any(new))
    }
}
