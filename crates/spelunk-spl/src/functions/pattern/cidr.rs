//! Networks in CIDR notation.

use std::net::IpAddr;

use ipnet::IpNet;

/// An IPv4 or IPv6 network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Parses `10.0.0.0/8`, `2001:db8::/32`; host bits may be set. A bare address is the network of that
    /// address.
    pub fn parse(text: &str) -> Option<Network> {
        let text = text.trim();
        if let Ok(net) = text.parse::<IpNet>() {
            return Some(Network(net));
        }
        text.parse::<IpAddr>().ok().map(|ip| Network(ip.into()))
    }

    /// Parses a network only if it has a prefix length, which makes a literal of a search expression match by
    /// network.
    pub fn parse_with_prefix(text: &str) -> Option<Network> {
        if !text.contains('/') {
            return None;
        }
        text.parse().ok().map(Network)
    }

    /// Whether the text is an address in the network. Returns false for other text.
    pub fn contains(&self, address: &str) -> bool {
        address
            .trim()
            .parse::<IpAddr>()
            .is_ok_and(|ip| self.0.contains(&ip))
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn networks_hold_their_addresses() {
        for (net, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("172.16.0.0/12", "172.32.0.1", false),
            ("192.0.2.77/24", "192.0.2.1", true),
            ("10.1.1.1", "10.1.1.1", true),
            ("2001:db8::/32", "2001:0db8::1", true),
            ("10.0.0.0/8", "localhost", false),
            ("10.0.0.0/8", "::1", false),
            ("0.0.0.0/0", "8.8.8.8", true),
        ] {
            let net = Network::parse(net).unwrap();
            assert_eq!(net.contains(address), expected, "{net:?} {address}");
        }
        assert_eq!(Network::parse("10.0.0.0/33"), None);
        assert_eq!(Network::parse_with_prefix("10.0.0.1"), None);
    }
}
