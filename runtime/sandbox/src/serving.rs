//! Models that are loaded once and asked many times: instances of components that export `weft:serving/server`, kept between the calls.
//!
//! An instance has the limits of a step: its memory in all, and for each call a time. It is granted nothing. What it does has no effect but its answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::Store;
use wasmtime::component::{ComponentType, Lift, Lower, ResourceAny, ResourceDynamic, TypedFunc};
use weft_pipeline::step::{Artifact, FailureKind, SilentObserver, StepFailure, StepTrace};
use weft_pipeline::types::BUILTIN_KINDS;

use crate::compiler::Extent;
use crate::confine::{Confined, Confinement};
use crate::failure::{self, Failure};
use crate::host::{Clock, Network, State, Step};
use crate::limits::{Deadline, StepLimits};
use crate::loader::Ready;
use crate::log::Log;
use crate::observer::Listener;
use crate::run::{Sandbox, enter, wasi, watch};
use crate::watch::{Code, Watched};

/// Bytes that an instance may write to artifacts, which nobody reads.
const MOST_WRITTEN: u64 = 1 << 20;

static SILENT: SilentObserver = SilentObserver;

/// An input or an output of a model, as the Open Inference Protocol describes it.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(record)]
pub struct TensorPort {
    /// Its name.
    pub name: String,
    /// The type of its elements: `FP32`, `INT64`, `BYTES`, ..
    pub datatype: String,
    /// Sizes of its axes; -1 where any will do.
    pub shape: Vec<i64>,
    /// The classes that its last axis stands for; empty if it stands for none.
    pub classes: Vec<String>,
}

/// What a model takes and gives.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(record)]
pub struct ModelDescription {
    /// What it is, such as `onnx_onnxv1`.
    pub platform: String,
    /// What it takes.
    pub inputs: Vec<TensorPort>,
    /// What it gives.
    pub outputs: Vec<TensorPort>,
    /// Whether the first axis counts independent rows.
    pub rows: bool,
}

/// A tensor.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(record)]
pub struct Tensor {
    /// The input or output that it is for.
    pub name: String,
    /// The type of its elements: `BOOL`, `INT8` to `INT64`, `UINT8` to `UINT64`, `FP16` to `FP64`, `BYTES`.
    pub datatype: String,
    /// Sizes of its axes.
    pub shape: Vec<u64>,
    /// Elements in row-major order, little-endian; those of `BYTES` are led by their lengths, in four bytes each.
    pub data: Vec<u8>,
}

/// A model that is to be loaded.
#[derive(Debug, Clone)]
pub struct ModelToServe {
    /// What messages call it.
    pub name: String,
    /// The component that runs it, by its digest.
    pub component: String,
    /// The model.
    pub model: Artifact,
    /// The transform graph in front of it.
    pub transform: Option<Artifact>,
    /// The features in the model's order.
    pub features: Option<Vec<String>>,
    /// Memory of the instance, and the time of each call.
    pub limits: StepLimits,
    /// How long loading may take. Compiling the component is not counted.
    pub load_within: Duration,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerError {
    /// The component refused the request. It can be asked again.
    Refused(String),
    /// The instance is lost: it trapped, or reached a limit.
    Lost(Box<StepFailure>),
}

type Infer = TypedFunc<(Vec<Tensor>,), (Result<Vec<Tensor>, String>,)>;
type Load = TypedFunc<(ResourceAny, Option<ResourceAny>, Option<Vec<String>>), (Result<ModelDescription, String>,)>;

/// A loaded model.
pub struct ServedModel {
    store: Store<State>,
    infer: Infer,
    limits: StepLimits,
    description: ModelDescription,
    code: Code,
    confined: Arc<Confined>,
}

impl Sandbox {
    /// Loads a model into an instance of its own. The component is compiled if it was not before.
    ///
    /// # Errors
    /// The component cannot be loaded or answers no requests, or it refuses the model, traps or reaches a limit over it.
    pub fn serve(&self, what: &ModelToServe) -> Result<ServedModel, Box<StepFailure>> {
        let started = Instant::now();
        let start = || {
            // What is compiled is written to the cache, where a model has no business.
            let ready = self.ready(&what.component, Extent::Whole, false, &what.name, Listener::of(&SILENT))?;
            let start = || self.start(what, &ready);
            self.confined.run(Confinement::default(), start).map_err(Failure::host)?
        };
        catch_unwind(AssertUnwindSafe(start))
            .unwrap_or_else(|_| Err(broke_down()))
            .map_err(|failure| in_time(failure, started))
    }

    /// Starts an instance of a component that is ready, on a thread that the system confines.
    fn start(&self, what: &ModelToServe, ready: &Ready) -> Result<ServedModel, Failure> {
        let listener = Listener::of(&SILENT);
        let Some(server) = ready.component.interface.server.clone() else {
            return Err(Failure::host(format!("its component does not export `{}0.1.0`", weft_signature::SERVER))
                .hint("deploy it with a component that answers requests, such as `weft:onnx`"));
        };
        let limits = StepLimits { time: what.load_within, output: MOST_WRITTEN, ..what.limits };
        let clock = Clock::Virtual(crate::clock::VirtualClock::default());
        // Equal models answer equally, whichever instance is asked.
        let seed = *blake3::hash(format!("{} {}", what.component, what.model.uri).as_bytes()).as_bytes();
        let mut wasi = wasi(Some(&seed), &clock);
        let log = Log::default();
        wasi.stdout(log.clone()).stderr(log.clone());
        let network = Network::default();
        network.open(&mut wasi);
        let mounts = if ready.component.has_files { Some(self.mounts()?) } else { None };
        if let Some(mounts) = &mounts {
            mounts.preopen(&mut wasi, self.walls()).map_err(|error| Failure::host(format!("{error:#}")))?;
        }
        let step = Step { mounts, network, ..self.step(&what.name, &ready.component, &limits, listener, log, clock) };
        let mut store = self.store(ready, wasi, step, limits);
        let entered = enter(&store, ready);
        let instance = ready
            .instance
            .instantiate(&mut store)
            .map_err(|error| failure::cannot_start(&error, store.data(), &limits))?;
        let interface = instance.get_export_index(&mut store, None, &server);
        let mut function = |name: &str| {
            let found = instance.get_export_index(&mut store, interface.as_ref(), name);
            found.ok_or_else(|| Failure::host(format!("its component has no function `{name}` in `{server}`")))
        };
        let (load, infer) = (function("load")?, function("infer")?);
        let misfit = |error: wasmtime::Error| {
            Failure::host(format!("its component was built against another version of `{server}`: {error:#}"))
        };
        let load: Load = instance.get_typed_func(&mut store, load).map_err(misfit)?;
        let infer: Infer = instance.get_typed_func(&mut store, infer).map_err(misfit)?;
        let model = lend(&mut store, &what.model, "model")?;
        let transform = what.transform.as_ref().map(|graph| lend(&mut store, graph, "transform-graph")).transpose()?;
        let loaded = load.call(&mut store, (model, transform, what.features.clone()));
        let (answer,) = loaded.map_err(|error| failure::of_guest(&error, store.data(), &limits))?;
        let description = answer.map_err(|why| Failure::new(FailureKind::Returned, why))?;
        for handle in [Some(model), transform].into_iter().flatten() {
            handle.resource_drop(&mut store).map_err(|error| failure::of_guest(&error, store.data(), &limits))?;
        }
        drop(entered);
        let confined = Arc::clone(&self.confined);
        Ok(ServedModel { store, infer, limits: what.limits, description, code: ready.code(), confined })
    }
}

/// A handle on an artifact, for the guest to borrow.
fn lend(store: &mut Store<State>, artifact: &Artifact, port: &str) -> Result<ResourceAny, Failure> {
    let kind = BUILTIN_KINDS.iter().position(|(resource, _)| *resource == "artifact").unwrap_or_default();
    let handle = store.data_mut().lend_input(artifact.clone(), port).map_err(Failure::host)?;
    ResourceDynamic::new_own(handle, u32::try_from(kind).unwrap_or_default())
        .try_into_resource_any(store)
        .map_err(|error| Failure::host(format!("{error:#}")))
}

impl ServedModel {
    /// What the model takes and gives.
    pub fn description(&self) -> &ModelDescription {
        &self.description
    }

    /// Bytes of memory that the instance has.
    pub fn memory(&self) -> u64 {
        self.store.data().limiter.peak()
    }

    /// Answers a request, within the limits of the model, on a thread that the system confines. After [`AnswerError::Lost`] the instance answers nothing any more.
    ///
    /// # Errors
    /// The component refuses the request, or the instance is lost over it.
    pub fn infer(&mut self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, AnswerError> {
        let started = Instant::now();
        let watched = Watched::new(Deadline::after(self.limits.time), Listener::of(&SILENT));
        self.store.data_mut().step.watched = Arc::clone(&watched);
        watch(&mut self.store, StepLimits { output: MOST_WRITTEN, ..self.limits });
        let lost = |failure| AnswerError::Lost(in_time(failure, started));
        let Self { store, infer, code, .. } = self;
        let call = || {
            let _entered = watched.enter(store.engine(), code.clone());
            infer.call(&mut *store, (inputs,))
        };
        match catch_unwind(AssertUnwindSafe(|| self.confined.run(Confinement::default(), call))) {
            Ok(Ok(Ok((answer,)))) => answer.map_err(AnswerError::Refused),
            Ok(Ok(Err(error))) => Err(lost(failure::of_guest(&error, self.store.data(), &self.limits))),
            Ok(Err(no_thread)) => Err(lost(Failure::host(no_thread))),
            Err(_) => Err(lost(broke_down())),
        }
    }
}

fn broke_down() -> Failure {
    Failure::host("the runtime itself failed while the model was asked; this is a defect of weft, please report it")
}

#[expect(clippy::unnecessary_box_returns, reason = "failures of steps are boxed, as they are large")]
fn in_time(Failure { kind, message, hint }: Failure, started: Instant) -> Box<StepFailure> {
    Box::new(StepFailure {
        kind,
        message,
        hint,
        trace: StepTrace { duration: started.elapsed(), ..StepTrace::default() },
    })
}
