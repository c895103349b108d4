//! A call graph as a drawing: callers above callees, a row or more for each layer.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::text::{Escaped, cut};
use crate::size::graph::Graph;

/// The width of a drawing.
const WIDTH: f64 = 1200.0;
/// Up to so many nodes are boxes with names.
const BOXES: usize = 80;
/// From so many edges on only those are drawn that are few enough to be told apart: none.
const EDGES: usize = 12_000;

/// A node of a drawing.
pub(super) struct Node {
    /// What is written in its box, if that is large enough.
    pub(super) label: String,
    /// What it is, in full.
    pub(super) title: String,
    /// The number of its colour.
    pub(super) color: usize,
    /// Where it leads to in the page, without `#`.
    pub(super) anchor: String,
}

/// Where a node stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    x: f64,
    y: f64,
}

/// How large the nodes are.
struct Scale {
    across: usize,
    down: f64,
    width: f64,
    height: f64,
}

impl Scale {
    fn of(nodes: usize) -> Self {
        if nodes <= BOXES {
            Self {
                across: 8,
                down: 64.0,
                width: 134.0,
                height: 26.0,
            }
        } else {
            Self {
                across: 60,
                down: 26.0,
                width: 13.0,
                height: 11.0,
            }
        }
    }
}

/// Draws nodes that lead to others. Empty if there are no edges to be seen.
pub(super) fn draw(nodes: &[Node], calls: &[Vec<usize>], label: &str) -> String {
    let scale = Scale::of(nodes.len());
    let rows = rows(calls, scale.across);
    let places = places(&rows, &scale, nodes.len());
    let height = scale.down * rows.len().max(1) as f64;
    let mut svg = format!(
        "<svg class=\"graph\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">\n",
        Escaped(label)
    );
    if calls.iter().map(Vec::len).sum::<usize>() <= EDGES {
        for (from, callees) in calls
            .iter()
            .enumerate()
            .filter(|(_, callees)| !callees.is_empty())
        {
            let _ = write!(svg, "<path class=\"e\" data-from=\"{from}\" d=\"");
            for callee in callees {
                svg += &curve(places[from], places[*callee], &scale);
            }
            svg += "\"/>\n";
        }
    }
    for (i, (node, place)) in nodes.iter().zip(&places).enumerate() {
        let Node {
            label,
            title,
            color,
            anchor,
        } = node;
        let Scale { width, height, .. } = scale;
        let (x, y) = (place.x - width / 2.0, place.y - height / 2.0);
        let _ = write!(
            svg,
            "<a href=\"#{anchor}\" tabindex=\"-1\" data-node=\"{i}\"><title>{}</title><rect \
             class=\"k{color}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width}\" height=\"{height}\" \
             rx=\"2\"/>",
            Escaped(title)
        );
        if nodes.len() <= BOXES {
            let _ = write!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                place.x,
                place.y + 4.0,
                Escaped(&cut(label, 20))
            );
        }
        svg += "</a>\n";
    }
    svg + "</svg>\n"
}

/// The nodes of each row, from the top. A layer that is too wide takes several rows.
fn rows(calls: &[Vec<usize>], across: usize) -> Vec<Vec<usize>> {
    let graph = Graph::new(vec![1; calls.len()], calls.iter().map(Vec::as_slice));
    let (component, count) = graph.components();
    // How many calls it is to the bottom; components come after all that they lead to.
    let mut members = vec![Vec::new(); count];
    for (node, component) in component.iter().enumerate() {
        members[*component].push(node);
    }
    let mut depth = vec![0; count];
    for this in 0..count {
        let callees = members[this].iter().flat_map(|node| &calls[*node]);
        let below = callees
            .map(|callee| component[*callee])
            .filter(|callee| *callee != this);
        depth[this] = below.map(|callee| depth[callee] + 1).max().unwrap_or(0);
    }
    let mut layers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (node, component) in component.iter().enumerate() {
        layers.entry(depth[*component]).or_default().push(node);
    }
    let mut layers: Vec<_> = layers.into_values().rev().collect();
    order(&mut layers, calls);
    let rows = layers.iter().flat_map(|layer| layer.chunks(across));
    rows.map(<[usize]>::to_vec).collect()
}

/// Puts each node of a layer below the middle of its callers, so that fewer edges cross.
fn order(layers: &mut [Vec<usize>], calls: &[Vec<usize>]) {
    let mut callers = vec![Vec::new(); calls.len()];
    for (from, callees) in calls.iter().enumerate() {
        for callee in callees {
            callers[*callee].push(from);
        }
    }
    // The place of each node in its layer, from 0 to 1.
    let mut place = vec![0.5; calls.len()];
    for layer in layers {
        let middle = |node: &usize| {
            let callers = &callers[*node];
            let sum: f64 = callers.iter().map(|caller| place[*caller]).sum();
            if callers.is_empty() {
                0.5
            } else {
                sum / callers.len() as f64
            }
        };
        let mut keyed: Vec<_> = layer.iter().map(|node| (middle(node), *node)).collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let last = layer.len().max(2) - 1;
        for (i, (_, node)) in keyed.iter().enumerate() {
            place[*node] = i as f64 / last as f64;
        }
        *layer = keyed.into_iter().map(|(_, node)| node).collect();
    }
}

fn places(rows: &[Vec<usize>], scale: &Scale, count: usize) -> Vec<Place> {
    let mut places = vec![Place::default(); count];
    for (i, row) in rows.iter().enumerate() {
        for (j, node) in row.iter().enumerate() {
            places[*node] = Place {
                x: WIDTH * (j as f64 + 0.5) / row.len() as f64,
                y: scale.down * (i as f64 + 0.5),
            };
        }
    }
    places
}

fn curve(from: Place, to: Place, scale: &Scale) -> String {
    let half = scale.height / 2.0;
    let (start, end) = (from.y + half, to.y - half);
    let bend = ((end - start) / 2.0).abs().max(scale.down / 3.0);
    format!(
        "M{:.0} {start:.0}C{:.0} {:.0} {:.0} {:.0} {:.0} {end:.0}",
        from.x,
        from.x,
        start + bend,
        to.x,
        end - bend,
        to.x
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_stand_above_callees() {
        // 0 and 1 call 2 and 3; 2 and 4 call each other.
        let calls = [vec![2, 3], vec![3], vec![4], vec![], vec![2]];
        let rows = rows(&calls, 8);
        let row_of = |node| rows.iter().position(|row| row.contains(&node)).unwrap();
        assert!(row_of(0) < row_of(2) && row_of(0) < row_of(3) && row_of(1) < row_of(3));
        assert_eq!(rows.iter().map(Vec::len).sum::<usize>(), 5);
    }

    #[test]
    fn wide_layers_take_several_rows() {
        let calls = vec![Vec::new(); 130];
        let rows = rows(&calls, 60);
        assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [60, 60, 10]);
        let places = places(&rows, &Scale::of(130), 130);
        let mut seen: Vec<_> = places
            .iter()
            .map(|p| (p.x.to_bits(), p.y.to_bits()))
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 130, "each has a place of its own");
    }

    #[test]
    fn drawn() {
        let node = |label: &str| Node {
            label: label.to_owned(),
            title: "<b>".to_owned(),
            color: 1,
            anchor: "f0".to_owned(),
        };
        let svg = draw(&[node("a"), node("b&c")], &[vec![1], vec![]], "\"calls\"");
        for part in [
            "&quot;calls&quot;",
            "<title>&lt;b&gt;</title>",
            "b&amp;c",
            "data-from=\"0\"",
        ] {
            assert!(svg.contains(part), "no {part} in {svg}");
        }
        assert!(draw(&[], &[], "").contains("<svg"));
    }
}
