//! The network of a step: connections by TCP to the hosts and ports that it was granted, and nothing else.
//!
//! Names are looked up here rather than by the guest's own questions: only those that are granted, so that no name carries anything out,
//! and what one stands for is checked and then fixed for the step, so that it cannot come to stand for something else.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddress};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::sockets::SocketAddrUse;
use weft_pipeline::network::{Destination, Host, is_guarded};

use super::State;
use super::wasi::{StopSignal, VERSION, wait};

/// The most addresses of one name that are looked at.
const MAX_ADDRESSES: usize = 64;

/// What a step may reach. Clones share what was looked up.
#[derive(Clone, Default)]
pub(crate) struct Network(Arc<Inner>);

#[derive(Default)]
struct Inner {
    granted: Vec<Destination>,
    /// What the granted names stand for, once somebody asked.
    known: Mutex<BTreeMap<String, Vec<IpAddr>>>,
}

/// Why a name cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unresolved {
    /// No grant names it.
    NotGranted,
    /// There is no such name, or nobody who knows it answers.
    Unknown,
    /// It stands for addresses that no name may stand for.
    Guarded,
}

impl Network {
    /// What these grants open. One that cannot be read opens nothing.
    pub(crate) fn new(grants: &[String]) -> Self {
        let granted = grants.iter().filter_map(|written| written.parse().ok()).collect();
        Self(Arc::new(Inner { granted, known: Mutex::default() }))
    }

    /// Lets the guest's sockets connect to what is granted.
    pub(crate) fn open(&self, wasi: &mut WasiCtxBuilder) {
        wasi.allow_udp(false).allow_ip_name_lookup(false).allow_tcp(!self.0.granted.is_empty());
        let network = self.clone();
        wasi.socket_addr_check(move |address, usage| {
            let allowed = match usage {
                SocketAddrUse::TcpConnect => network.allows(address),
                // The system chooses the side of a connection that is here.
                SocketAddrUse::TcpBind => address.ip().is_unspecified() && address.port() == 0,
                _ => false,
            };
            Box::pin(std::future::ready(allowed))
        });
    }

    /// Whether a step may connect there: the grant has this address, or a name that was looked up and stood for it.
    fn allows(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.granted.iter().filter(|granted| granted.port == address.port()).any(|granted| match &granted.host {
            Host::Address(address) => *address == ip,
            Host::Name(name) => known.get(name).is_some_and(|addresses| addresses.contains(&ip)),
        })
    }

    /// The addresses of a granted host, looked up the first time. This waits for the network.
    fn look_up(&self, host: &Host) -> Result<Vec<IpAddr>, Unresolved> {
        if !self.0.granted.iter().any(|granted| granted.host == *host) {
            return Err(Unresolved::NotGranted);
        }
        let name = match host {
            Host::Address(address) => return Ok(vec![*address]),
            Host::Name(name) => name,
        };
        let known = || self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(addresses) = known().get(name) {
            return Ok(addresses.clone());
        }
        let found = (name.as_str(), 0).to_socket_addrs().map_err(|_| Unresolved::Unknown)?;
        let found: BTreeSet<IpAddr> = found.take(MAX_ADDRESSES).map(|address| address.ip().to_canonical()).collect();
        let addresses = permitted(host, found)?;
        // Whoever asked at the same time got an answer as well; the first one stays.
        Ok(known().entry(name.clone()).or_insert(addresses).clone())
    }
}

/// Those of a name's addresses to which it may lead.
fn permitted(host: &Host, found: BTreeSet<IpAddr>) -> Result<Vec<IpAddr>, Unresolved> {
    if found.is_empty() {
        return Err(Unresolved::Unknown);
    }
    let permitted: Vec<IpAddr> =
        found.into_iter().filter(|address| host.is_literal() || !is_guarded(*address)).collect();
    if permitted.is_empty() { Err(Unresolved::Guarded) } else { Ok(permitted) }
}

/// The addresses that a name stands for, of which the guest takes one after the other.
struct Addresses(std::vec::IntoIter<IpAddr>);

#[wasmtime_wasi_io::async_trait]
impl Pollable for Addresses {
    async fn ready(&mut self) {}
}

type Store<'a> = StoreContextMut<'a, State>;
type This = Resource<Addresses>;
type Answer<T> = wasmtime::Result<(Result<T, ErrorCode>,)>;
type Named = (Resource<wasmtime_wasi::p2::Network>, String);

/// Links `wasi:sockets/ip-name-lookup`, in the place of wasmtime's.
pub(super) fn add(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut lookup = linker.instance(&format!("wasi:sockets/ip-name-lookup@{VERSION}"))?;
    lookup.resource("resolve-address-stream", ResourceType::host::<Addresses>(), |mut store, handle| {
        store.data_mut().table.delete(Resource::<Addresses>::new_own(handle))?;
        Ok(())
    })?;
    lookup.func_wrap("resolve-addresses", |mut store: Store<'_>, (network, name): Named| -> Answer<This> {
        let state = store.data_mut();
        state.table.get(&network)?;
        let Ok(host) = name.parse::<Host>() else { return Ok((Err(ErrorCode::InvalidArgument),)) };
        Ok((match look_up_within_time(state, host)? {
            Ok(addresses) => Ok(state.table.push(Addresses(addresses.into_iter()))?),
            Err(Unresolved::NotGranted | Unresolved::Guarded) => Err(ErrorCode::AccessDenied),
            Err(Unresolved::Unknown) => Err(ErrorCode::NameUnresolvable),
        },))
    })?;
    lookup.func_wrap(
        "[method]resolve-address-stream.resolve-next-address",
        |mut store: Store<'_>, (this,): (This,)| -> Answer<Option<IpAddress>> {
            Ok((Ok(store.data_mut().table.get_mut(&this)?.0.next().map(IpAddress::from)),))
        },
    )?;
    lookup.func_wrap(
        "[method]resolve-address-stream.subscribe",
        |mut store: Store<'_>, (this,): (This,)| -> wasmtime::Result<(Resource<DynPollable>,)> {
            Ok((subscribe(&mut store.data_mut().table, this)?,))
        },
    )
}

/// Looks a name up on a thread of its own, as the system's question cannot be interrupted, and waits no longer than the step may.
fn look_up_within_time(state: &State, host: Host) -> wasmtime::Result<Result<Vec<IpAddr>, Unresolved>> {
    let network = state.step.network.clone();
    let (sender, answer) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("weft-lookup".into()).spawn(move || sender.send(network.look_up(&host)))?;
    Ok(wait(StopSignal::of(state), answer)?.unwrap_or(Err(Unresolved::Unknown)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(grants: &[&str]) -> Network {
        Network::new(&grants.iter().map(|grant| (*grant).to_owned()).collect::<Vec<_>>())
    }

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_is_reached_at_the_port_that_is_granted() {
        let network = network(&["127.0.0.1:80", "[2001:db8::1]:443"]);
        assert!(network.allows(address("127.0.0.1:80")) && network.allows(address("[::ffff:127.0.0.1]:80")));
        assert!(network.allows(address("[2001:db8::1]:443")));
        for other in ["127.0.0.1:81", "127.0.0.2:80", "[::1]:80", "[2001:db8::1]:80", "0.0.0.0:80"] {
            assert!(!network.allows(address(other)), "{other}");
        }
    }

    #[test]
    fn a_name_leads_where_it_led_when_it_was_looked_up() {
        let network = network(&["localhost:80"]);
        assert!(!network.allows(address("127.0.0.1:80")), "nobody asked yet");
        let host: Host = "localhost".parse().unwrap();
        let addresses = network.look_up(&host).unwrap();
        assert!(addresses.iter().all(IpAddr::is_loopback));
        assert!(network.allows(SocketAddr::new(addresses[0], 80)));
        assert!(!network.allows(SocketAddr::new(addresses[0], 81)));
        assert_eq!(network.look_up(&"other.example".parse().unwrap()), Err(Unresolved::NotGranted));
    }

    #[test]
    fn a_name_that_leads_to_this_machine_leads_nowhere() {
        let found = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<BTreeSet<IpAddr>>();
        let name: Host = "data.example.org".parse().unwrap();
        assert_eq!(permitted(&name, found(&["127.0.0.1", "169.254.169.254", "::1"])), Err(Unresolved::Guarded));
        assert_eq!(permitted(&name, found(&["127.0.0.1", "192.0.2.1"])), Ok(vec!["192.0.2.1".parse().unwrap()]));
        assert_eq!(permitted(&name, found(&[])), Err(Unresolved::Unknown));
        assert!(permitted(&"localhost".parse().unwrap(), found(&["127.0.0.1"])).is_ok());
    }
}
