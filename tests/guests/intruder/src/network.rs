//! The network, by the interfaces of `wasi:sockets`.

use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::resolve_addresses;
use wasip2::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use wasip2::sockets::tcp::TcpSocket;
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasip2::sockets::udp_create_socket::create_udp_socket;

type Answer = Result<String, String>;

fn refused(error: ErrorCode) -> String {
    error.name().to_owned()
}

fn address(host: &str, port: u16) -> Result<(IpAddressFamily, IpSocketAddress), String> {
    Ok(match host.parse::<std::net::IpAddr>().map_err(|error| error.to_string())? {
        std::net::IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            (IpAddressFamily::Ipv4, IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (a, b, c, d) }))
        }
        std::net::IpAddr::V6(ip) => {
            let [a, b, c, d, e, f, g, h] = ip.segments();
            let address = (a, b, c, d, e, f, g, h);
            let address = Ipv6SocketAddress { port, flow_info: 0, address, scope_id: 0 };
            (IpAddressFamily::Ipv6, IpSocketAddress::Ipv6(address))
        }
    })
}

/// What a name stands for, as the host tells.
fn lookup(host: &str) -> Result<Vec<String>, String> {
    let addresses = resolve_addresses(&instance_network(), host).map_err(refused)?;
    let mut found = Vec::new();
    loop {
        match addresses.resolve_next_address() {
            Ok(Some(IpAddress::Ipv4((a, b, c, d)))) => found.push(format!("{a}.{b}.{c}.{d}")),
            Ok(Some(IpAddress::Ipv6((a, b, c, d, e, f, g, h)))) => {
                found.push(std::net::Ipv6Addr::new(a, b, c, d, e, f, g, h).to_string());
            }
            Ok(None) => return Ok(found),
            Err(ErrorCode::WouldBlock) => addresses.subscribe().block(),
            Err(error) => return Err(refused(error)),
        }
    }
}

fn connect(
    host: &str,
    port: u16,
) -> Result<(TcpSocket, wasip2::io::streams::InputStream, wasip2::io::streams::OutputStream), String> {
    let (family, address) = address(host, port)?;
    let socket = create_tcp_socket(family).map_err(refused)?;
    socket.start_connect(&instance_network(), address).map_err(refused)?;
    loop {
        match socket.finish_connect() {
            Ok((input, output)) => return Ok((socket, input, output)),
            Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
            Err(error) => return Err(refused(error)),
        }
    }
}

pub fn call(call: &str, host: &str, port: u16) -> Answer {
    let network = instance_network();
    match call {
        "lookup" => lookup(host).map(|found| found.join(" ")),
        "tcp-connect" => connect(host, port).map(|_| String::new()),
        "tcp-listen" => {
            let (family, address) = address(host, port)?;
            let socket = create_tcp_socket(family).map_err(refused)?;
            let bound = socket.start_bind(&network, address).and_then(|()| socket.finish_bind());
            let listening = bound.and_then(|()| socket.start_listen()).and_then(|()| socket.finish_listen());
            listening.map(|()| String::new()).map_err(refused)
        }
        "udp-send" => {
            let (family, address) = address(host, port)?;
            let socket = create_udp_socket(family).map_err(refused)?;
            let (_, sending) = socket.stream(Some(address)).map_err(refused)?;
            drop(sending);
            Ok(String::new())
        }
        // By name: what the host's lookup gave is connected to.
        "tcp-talk" => {
            let ip = if host.parse::<std::net::IpAddr>().is_ok() {
                host.to_owned()
            } else {
                lookup(host)?.into_iter().next().ok_or("the name stands for nothing")?
            };
            let (_socket, input, output) = connect(&ip, port)?;
            output.blocking_write_and_flush(b"hello\n").map_err(|error| format!("{error:?}"))?;
            let bytes = input.blocking_read(100).map_err(|error| format!("{error:?}"))?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        other => Err(format!("there is no call {other}")),
    }
}
