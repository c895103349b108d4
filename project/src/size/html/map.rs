//! The treemap as a drawing: packages, and in them functions; once by own code, once by closures.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::text::{Escaped, bytes, cut};
use super::treemap::{Area, squarify};
use super::{color, title};
use crate::size::{FunctionSize, Sizes};

const WIDTH: f64 = 1200.0;
const HEIGHT: f64 = 620.0;
/// The strip at the top of a package that its name stands in.
const STRIP: f64 = 16.0;
/// What is smaller than so many units of area stands for nothing one could point at.
const SMALLEST: f64 = 12.0;

/// Both maps, and the choice between them, which needs no script.
pub(super) fn maps(sizes: &Sizes) -> String {
    let mut html = "<div class=\"maps\">\n\
        <input type=\"radio\" name=\"by\" id=\"by-own\" checked><label for=\"by-own\">Stored: each \
        function's own code</label>\n\
        <input type=\"radio\" name=\"by\" id=\"by-closure\"><label for=\"by-closure\">Embedded: the \
        closure of each export</label>\n"
        .to_owned();
    html += &map(sizes, "own", "Own code by package and function", |f| f.own);
    html += &map(
        sizes,
        "closure",
        "Closures of exports by package and function",
        FunctionSize::embedded,
    );
    html + "</div>\n"
}

fn map(sizes: &Sizes, class: &str, label: &str, weight: fn(&FunctionSize) -> u64) -> String {
    let mut packages: Vec<Vec<usize>> = vec![Vec::new(); sizes.packages.len()];
    for (i, function) in sizes.functions.iter().enumerate() {
        if weight(function) > 0 {
            packages[function.package].push(i);
        }
    }
    let of = |index: &usize| weight(&sizes.functions[*index]);
    let mut parts: Vec<(usize, u64, Vec<usize>)> = packages
        .into_iter()
        .enumerate()
        .map(|(package, functions)| (package, functions.iter().map(of).sum(), functions))
        .filter(|(_, sum, _)| *sum > 0)
        .collect();
    parts.sort_by_key(|(_, sum, _)| Reverse(*sum));
    let weights: Vec<f64> = parts.iter().map(|(_, sum, _)| *sum as f64).collect();
    let whole = Area {
        x: 0.0,
        y: 0.0,
        width: WIDTH,
        height: HEIGHT,
    };
    let mut svg = format!(
        "<svg class=\"map {class}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"{label}\">\n"
    );
    for ((package, _, mut functions), area) in parts.into_iter().zip(squarify(&weights, whole)) {
        functions.sort_by_key(|index| Reverse(of(index)));
        svg += &block(sizes, package, &functions, area, weight);
    }
    svg + "</svg>\n"
}

/// A package and its functions, the largest first.
fn block(
    sizes: &Sizes,
    package: usize,
    functions: &[usize],
    area: Area,
    weight: fn(&FunctionSize) -> u64,
) -> String {
    let named = area.height > 3.0 * STRIP && area.width > 40.0;
    let inner = if named { area.below(STRIP) } else { area };
    let of = |index: &usize| weight(&sizes.functions[*index]);
    let total: u64 = functions.iter().map(of).sum();
    let smallest = SMALLEST * total as f64 / (inner.width * inner.height).max(1.0);
    let shown = functions.partition_point(|index| of(index) as f64 >= smallest);
    let (shown, folded) = functions.split_at(shown);
    let mut weights: Vec<(f64, Option<usize>)> = shown
        .iter()
        .map(|index| (of(index) as f64, Some(*index)))
        .collect();
    let rest: u64 = folded.iter().map(of).sum();
    if rest > 0 {
        let at = weights.partition_point(|(weight, _)| *weight >= rest as f64);
        weights.insert(at, (rest as f64, None));
    }
    let mut svg = String::new();
    if named {
        let facts = &sizes.packages[package];
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a width"
        )]
        let room = (area.width / 7.0) as usize;
        let _ = writeln!(
            svg,
            "<a href=\"#p{package}\" tabindex=\"-1\"><text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{}\
             </text></a>",
            area.x + 4.0,
            area.y + 12.0,
            Escaped(&cut(&format!("{}  {}", facts.label, bytes(total)), room))
        );
    }
    let sides: Vec<f64> = weights.iter().map(|(weight, _)| *weight).collect();
    for ((_, index), area) in weights.iter().zip(squarify(&sides, inner)) {
        svg += &match index {
            Some(index) => function(sizes, *index, area),
            None => {
                let title = format!("{} smaller functions: {}", folded.len(), bytes(rest));
                format!("<g>{}</g>\n", rectangle(area, &title, color(package)))
            }
        };
    }
    svg
}

fn function(sizes: &Sizes, index: usize, area: Area) -> String {
    let function = &sizes.functions[index];
    let mut svg = format!(
        "<a href=\"#f{index}\" tabindex=\"-1\" data-node=\"{index}\">{}",
        rectangle(area, &title(sizes, function), color(function.package))
    );
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a width"
    )]
    let room = ((area.width - 4.0).max(0.0) / 5.8) as usize;
    // A few letters of a name say nothing.
    if area.height > 12.0 && (room >= 8 || function.name.chars().count() <= room) {
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            area.x + 2.0,
            area.y + 10.5,
            Escaped(&cut(&function.name, room))
        );
    }
    svg + "</a>\n"
}

fn rectangle(area: Area, title: &str, color: usize) -> String {
    let Area {
        x,
        y,
        width,
        height,
    } = area;
    format!(
        "<title>{}</title><rect class=\"k{color}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
         height=\"{height:.1}\"/>",
        Escaped(title)
    )
}
