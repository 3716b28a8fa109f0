//! Making nodes: of the tasks of a DAG when it begins, of the iterations of a loop when there is room for them.

use weft_pipeline::model::{Component, Dag, Task};
use weft_pipeline::step::{PortValue, PortValues};

use crate::node::{Body, Frame, Node};
use crate::plan;
use crate::repeat::{self, Repeat};
use crate::run::Run;

impl<'r> Run<'r> {
    /// Adds the tasks of a DAG.
    pub fn open(&mut self, dag: &'r Dag, owner: Option<usize>, inputs: PortValues) {
        let first = self.nodes.len();
        let frame = self.begin_frame(Body::Dag { dag, first }, owner, inputs, dag.tasks.len());
        for (name, task) in &dag.tasks {
            // `Plan::new` has seen to it that there is such a component.
            let Some(component) = self.plan.pipeline.components.get(&task.component) else { continue };
            let path = owner.map_or_else(|| name.clone(), |owner| format!("{}/{name}", self.nodes[owner].path));
            self.add_node(path, task, component, frame);
        }
        self.schedule.add(&plan::dependencies(dag, first));
    }

    /// Adds the first iterations of a loop.
    pub fn open_loop(&mut self, owner: usize, items: Vec<PortValue>, inputs: PortValues) {
        let Node { task, component, .. } = self.nodes[owner];
        let Some(each) = &task.each else { return };
        let count = items.len();
        let shared = repeat::shared(self.plan.pipeline, each, component, inputs);
        let repeat = Repeat::new(each, items, self.engine.options.jobs.get());
        let frame = self.begin_frame(Body::Loop(repeat), Some(owner), shared, count);
        self.open_iterations(frame);
    }

    /// Adds iterations of a loop while fewer are at work than may be.
    pub fn open_iterations(&mut self, frame: usize) {
        loop {
            let Frame { body: Body::Loop(repeat), owner: Some(owner), inputs, unsettled, .. } = &mut self.frames[frame]
            else {
                return;
            };
            if *unsettled - repeat.items.len() >= repeat.window {
                return;
            }
            let Some(item) = repeat.items.next() else { return };
            let mut given = inputs.clone();
            given.insert(repeat.item.to_owned(), item);
            let number = repeat.iterations.len();
            let index = self.nodes.len();
            repeat.iterations.push(index);
            let Node { task, component, .. } = self.nodes[*owner];
            let path = format!("{}[{number}]", self.nodes[*owner].path);
            self.add_node(path, task, component, frame);
            self.nodes[index].iteration = u32::try_from(number).ok();
            self.nodes[index].given = Some(Box::new(given));
            self.schedule.add(&[Vec::new()]);
        }
    }

    fn begin_frame(&mut self, body: Body<'r>, owner: Option<usize>, inputs: PortValues, unsettled: usize) -> usize {
        let frame = self.frames.len();
        let stale = owner.is_some_and(|owner| self.rests_on_new(owner));
        self.frames.push(Frame { body, owner, inputs, stale, unsettled });
        if let Some(owner) = owner {
            self.nodes[owner].opened = Some(frame);
        }
        frame
    }

    fn add_node(&mut self, path: String, task: &'r Task, component: &'r Component, frame: usize) {
        let earlier = self.earlier.remove(&path).map(Box::new);
        self.nodes.push(Node {
            path,
            task,
            component,
            step: self.plan.step(task),
            frame,
            iteration: None,
            given: None,
            execution: None,
            attempt: 1,
            job: None,
            opened: None,
            earlier,
            recalled: false,
            report: None,
            blame: None,
        });
    }

    /// Whether a task that is ready comes after anything that this process executed: what an earlier process recorded
    /// of it then came from something else.
    pub fn rests_on_new(&self, node: usize) -> bool {
        let Node { task, frame, iteration, .. } = &self.nodes[node];
        let Frame { stale, body, .. } = &self.frames[*frame];
        let new = |name: &String| self.find(*frame, name).is_some_and(|on| !self.nodes[on].recalled);
        *stale || (iteration.is_none() && matches!(body, Body::Dag { .. }) && task.dependencies().iter().any(new))
    }
}
