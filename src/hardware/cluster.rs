//! Several machines as one: the pools of further nodes beside those of the first.

use super::{Figure, Link, LinkKind, Machine, Pool, PoolKind, Source};

/// A further machine over a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Unique in the cluster.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The network link to it, by id.
    pub link: Option<String>,
    /// Its pools.
    pub pools: Vec<Pool>,
}

/// The way between two pools.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way<'m> {
    /// Both hang on one fabric of their own.
    Fabric(&'m Link),
    /// Over the buses both hang on, as far as known.
    Buses(Option<&'m Link>, Option<&'m Link>),
    /// Over the networks of their nodes, as far as known; the first machine has none of its own.
    Network(Option<&'m Link>, Option<&'m Link>),
}

/// What of further nodes takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodePools {
    /// GPUs and RAM.
    All,
    /// GPUs alone.
    Gpus,
}

impl Machine {
    /// The machine with the pools of its nodes behind its own, called `node1.gpu0`. The disks of nodes are left out:
    /// engines load a node's part into its memory whole.
    #[must_use]
    pub fn joined(&self, taking: NodePools) -> Self {
        let mut whole = self.clone();
        for (place, node) in self.nodes.iter().enumerate() {
            let takes = |pool: &&Pool| match pool.kind {
                PoolKind::Vram | PoolKind::Unified => true,
                PoolKind::Ram => taking == NodePools::All,
                PoolKind::Disk => false,
            };
            whole.pools.extend(node.pools.iter().filter(takes).map(|pool| {
                let id = format!("{}.{}", node.id, pool.id);
                Pool { id, node: Some(place), ..pool.clone() }
            }));
        }
        whole
    }

    /// The same pools with only the first machine and so many nodes in use: the others keep everything for themselves.
    #[must_use]
    pub fn narrowed(&self, nodes: usize, taking: NodePools) -> Self {
        let mut fewer = self.clone();
        for pool in &mut fewer.pools {
            let Some(node) = pool.node else { continue };
            if node >= nodes || (pool.kind == PoolKind::Ram && taking == NodePools::Gpus) {
                pool.reserve = Some(Figure::new(pool.capacity.value, Source::Assumed, "not in use"));
            }
        }
        fewer
    }

    /// The first machine of a cluster without the others.
    #[must_use]
    pub fn alone(&self) -> Self {
        let mut one = self.clone();
        one.pools.retain(|pool| pool.node.is_none());
        one.nodes.clear();
        one
    }

    /// The first machine with another of its kind, over a network of which nothing is known.
    #[must_use]
    pub fn twice(&self) -> Self {
        let mut two = self.alone();
        let link = "net1".to_owned();
        two.nodes.push(Node {
            id: "node1".to_owned(),
            name: self.name.clone(),
            link: Some(link.clone()),
            pools: two.pools.clone(),
        });
        two.links.retain(|own| own.kind != LinkKind::Network);
        two.links.push(Link {
            id: link,
            kind: LinkKind::Network,
            generation: None,
            lanes: None,
            joins: Vec::new(),
            bandwidth: None,
            latency: None,
        });
        (two.id, two.name) = (format!("2x-{}", self.id), format!("2 x {}", self.name));
        two
    }

    /// How bytes pass from one pool to another.
    #[must_use]
    pub fn way(&self, from: &Pool, to: &Pool) -> Way<'_> {
        let network = |pool: &Pool| self.nodes.get(pool.node?).and_then(|node| self.link(node.link.as_deref()?));
        if from.node != to.node {
            return Way::Network(network(from), network(to));
        }
        let joins = |link: &&Link| link.kind == LinkKind::Nvlink && link.joins(&from.id) && link.joins(&to.id);
        match self.links.iter().find(joins) {
            Some(fabric) => Way::Fabric(fabric),
            None => Way::Buses(self.link_of(from), self.link_of(to)),
        }
    }
}

impl Link {
    /// Whether it joins the pool of this id.
    fn joins(&self, id: &str) -> bool {
        self.joins.iter().any(|own| own == id)
    }
}

#[cfg(test)]
mod tests {
    use crate::units::Bytes;

    use super::*;

    fn pool(id: &str, kind: PoolKind) -> Pool {
        Pool::new(id, kind, Figure::typed(Bytes::gib(24)))
    }

    fn cluster() -> Machine {
        let mut machine = Machine::new("c", "Cluster");
        machine.pools = vec![pool("ram", PoolKind::Ram), pool("gpu0", PoolKind::Vram), pool("gpu1", PoolKind::Vram)];
        let link = |id: &str, kind: LinkKind, joins: &[&str]| Link {
            id: id.to_owned(),
            kind,
            generation: None,
            lanes: None,
            joins: joins.iter().map(|id| (*id).to_owned()).collect(),
            bandwidth: None,
            latency: None,
        };
        machine.links = vec![link("net1", LinkKind::Network, &[]), link("nv", LinkKind::Nvlink, &["gpu0", "gpu1"])];
        machine.nodes = vec![Node {
            id: "node1".to_owned(),
            name: String::new(),
            link: Some("net1".to_owned()),
            pools: vec![pool("ram", PoolKind::Ram), pool("gpu0", PoolKind::Vram), pool("disk", PoolKind::Disk)],
        }];
        machine
    }

    #[test]
    fn pools_of_nodes_stand_behind_and_are_listed_in_front() {
        let ids = |machine: &Machine| machine.pools.iter().map(|pool| pool.id.clone()).collect::<Vec<_>>();
        let whole = cluster().joined(NodePools::All);
        assert_eq!(ids(&whole), ["ram", "gpu0", "gpu1", "node1.ram", "node1.gpu0"]);
        assert_eq!(whole.gpu_places(), [3, 4, 1, 2]);
        assert_eq!(whole.host().map(|pool| pool.id.as_str()), Some("ram"));
        assert_eq!(ids(&cluster().joined(NodePools::Gpus)), ["ram", "gpu0", "gpu1", "node1.gpu0"]);
    }

    #[test]
    fn another_of_its_kind_stands_beside_the_first() {
        let two = cluster().twice();
        assert_eq!((two.nodes.len(), two.nodes[0].pools.len()), (1, 3), "of the first machine alone");
        let whole = two.joined(NodePools::All);
        assert!(
            matches!(whole.way(&whole.pools[0], &whole.pools[4]), Way::Network(None, Some(link)) if link.id == "net1")
        );
        assert_eq!(two.alone().joined(NodePools::All).pools.len(), 3);
    }

    #[test]
    fn a_node_that_is_not_in_use_keeps_its_memory() {
        let usable = |nodes, taking| {
            let machine = cluster().joined(NodePools::All).narrowed(nodes, taking);
            machine.pools.iter().map(|pool| pool.usable() > Bytes::ZERO).collect::<Vec<_>>()
        };
        assert_eq!(usable(0, NodePools::All), [true, true, true, false, false]);
        assert_eq!(usable(1, NodePools::Gpus), [true, true, true, false, true]);
        assert_eq!(usable(1, NodePools::All), [true; 5]);
    }

    #[test]
    fn the_way_is_the_fabric_the_bus_or_the_network() {
        let machine = cluster().joined(NodePools::All);
        let way = |from: usize, to: usize| machine.way(&machine.pools[from], &machine.pools[to]);
        assert!(matches!(way(1, 2), Way::Fabric(link) if link.id == "nv"));
        assert!(matches!(way(0, 1), Way::Buses(None, None)));
        assert!(matches!(way(4, 1), Way::Network(Some(link), None) if link.id == "net1"));
        assert!(matches!(way(3, 4), Way::Buses(None, None)));
    }
}
