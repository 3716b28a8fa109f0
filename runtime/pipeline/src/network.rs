//! Where a step may connect to: a host and a port, as a grant names them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The longest name that DNS has.
const MAX_NAME: usize = 253;

/// A host and a port that a step may connect to by TCP.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    /// The host.
    pub host: Host,
    /// The port, never 0.
    pub port: u16,
}

/// A host by its name or its address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A name in lower case, without the dot that may stand behind it.
    Name(String),
    /// An address; one of IPv4 is never written as one of IPv6.
    Address(IpAddr),
}

impl Host {
    /// Whether the host is named as one that [`is_guarded`]: by its address, or as `localhost`.
    pub fn is_literal(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::Address(_) => true,
        }
    }
}

impl FromStr for Host {
    type Err = String;

    /// A name, an address of IPv4, or one of IPv6, with or without brackets.
    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Ok(address) = bare.unwrap_or(text).parse::<IpAddr>() {
            return Ok(Self::Address(address.to_canonical()));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        // Resolvers take `127.1` and `0x7f000001` for addresses: what ends in a number is one, or nothing.
        let last = name.rsplit('.').next().unwrap_or_default();
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
        if bare.is_none() && name.len() <= MAX_NAME && name.split('.').all(is_label) && !is_number {
            return Ok(Self::Name(name));
        }
        Err(format!("`{text}` is neither the name of a host nor an address"))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}

impl FromStr for Destination {
    type Err = String;

    /// `data.example.org:443`, `192.0.2.1:80` or `[2001:db8::1]:80`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (host, port) = text.rsplit_once(':').ok_or("the port is missing")?;
        if host.contains(':') && !host.starts_with('[') {
            return Err("an address of IPv6 stands in brackets: `[::1]:80`".to_owned());
        }
        let port = match port.parse::<u16>() {
            Ok(port) if port > 0 => port,
            _ => return Err(format!("`{port}` is no port, a number from 1 to 65535")),
        };
        Ok(Self { host: host.parse()?, port })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Whether an address leads to this machine itself, to its own network segment, or to what clouds tell a machine about itself (metadata,
/// credentials). No name leads there unless the grant says so: whoever owns a name chooses its addresses.
pub fn is_guarded(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_guarded_v4(address),
        IpAddr::V6(address) => {
            let parts = address.segments();
            // An address of IPv4 inside, by which it is reached: NAT64, 6to4, and the old form of those that are compatible.
            let inside = |high: u16, low: u16| {
                let [a, b] = high.to_be_bytes();
                let [c, d] = low.to_be_bytes();
                is_guarded_v4(Ipv4Addr::new(a, b, c, d))
            };
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unicast_link_local()
                || address.is_multicast()
                || is_metadata_v6(address)
                || (parts[..6] == [0x64, 0xff9b, 0, 0, 0, 0] && inside(parts[6], parts[7]))
                || (parts[0] == 0x2002 && inside(parts[1], parts[2]))
                || (parts[..6] == [0; 6] && inside(parts[6], parts[7]))
        }
    }
}

fn is_guarded_v4(address: Ipv4Addr) -> bool {
    /// Alibaba Cloud and Azure, whose metadata is not at a link-local address; Oracle's is in the first's range.
    const METADATA: [Ipv4Addr; 3] =
        [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(192, 0, 0, 192)];
    address.is_loopback()
        || address.octets()[0] == 0
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || METADATA.contains(&address)
}

/// Where Amazon's and Google's clouds have metadata in IPv6.
fn is_metadata_v6(address: Ipv6Addr) -> bool {
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)]
        .contains(&address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_have_one_form() {
        for (written, form) in [
            ("Data.Example.ORG:443", "data.example.org:443"),
            ("data.example.org.:443", "data.example.org:443"),
            ("192.0.2.1:80", "192.0.2.1:80"),
            ("[2001:DB8:0::1]:80", "[2001:db8::1]:80"),
            ("[::ffff:192.0.2.1]:80", "192.0.2.1:80"),
            ("localhost:8080", "localhost:8080"),
            ("my_host:1", "my_host:1"),
        ] {
            let destination: Destination = written.parse().unwrap();
            assert_eq!(destination.to_string(), form);
            assert_eq!(form.parse::<Destination>().unwrap(), destination);
        }
    }

    #[test]
    fn what_is_no_destination_is_refused() {
        let long = format!("{}:80", "a.".repeat(200));
        for written in [
            "",
            ":",
            "host",
            "host:",
            "host:0",
            "host:65536",
            "host:-1",
            "host:http",
            "::1:80",
            "http://host:80",
            "host/path:80",
            "user@host:80",
            "*:80",
            "*.example.org:80",
            "a..b:80",
            "-a:80",
            "127.1:80",
            "0x7f000001:80",
            "2130706433:80",
            "[host]:80",
            "ho st:80",
            "höst:80",
            &long,
        ] {
            assert!(written.parse::<Destination>().is_err(), "{written}");
        }
    }

    #[test]
    fn this_machine_and_what_clouds_tell_it_are_guarded() {
        for guarded in [
            "127.0.0.1",
            "127.255.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "169.254.1.1",
            "100.100.100.200",
            "168.63.129.16",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "::7f00:1",
        ] {
            assert!(is_guarded(guarded.parse().unwrap()), "{guarded}");
        }
        for open in
            ["192.0.2.1", "10.0.0.1", "192.168.1.1", "2001:db8::1", "fd00::1", "64:ff9b::c000:201", "2002:c000:201::"]
        {
            assert!(!is_guarded(open.parse().unwrap()), "{open}");
        }
    }
}
