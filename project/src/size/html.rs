//! The figures as one page for a browser: a map, the call graph, a table.
//!
//! The page needs nothing but itself: no network, no fonts, no files. Map, drawings and table are made
//! here, so that they are there without scripts, too; the script only marks what belongs to the
//! function that is chosen, sorts and filters. What packages say (names, documentation) is escaped, and
//! is never handed to the script, which gets numbers alone; a policy in the page lets only its own
//! script and style run, by their digests.

mod layers;
mod map;
mod text;
mod treemap;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use puck_package::Digest;

use self::layers::Node;
use self::text::{Escaped, base64, bytes};
use super::{Amounts, FunctionSize, Sizes};

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");
/// How many colours there are for packages.
const COLORS: usize = 12;
/// Up to so many functions are drawn as a graph.
const DRAWN: usize = 3000;
/// How many callers or callees of a function are listed in the table.
const LISTED: usize = 100;

/// The page.
pub(super) fn page(sizes: &Sizes) -> String {
    let callers = callers(sizes);
    let policy = |text: &str| base64(Digest::of(text.as_bytes()).bytes());
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'sha256-{}'; script-src 'sha256-{}'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Code sizes</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        policy(STYLE),
        policy(SCRIPT)
    );
    page += &summary(sizes);
    page += &packages(sizes);
    page += "<section aria-labelledby=\"map\">\n<h2 id=\"map\">Map</h2>\n";
    page += &map::maps(sizes);
    page += "</section>\n";
    page += &graphs(sizes);
    page += "<section id=\"details\" aria-live=\"polite\" hidden></section>\n";
    page += &functions(sizes, &callers);
    let calls: Vec<_> = sizes
        .functions
        .iter()
        .map(|function| &function.calls)
        .collect();
    let calls = serde_json::to_string(&calls).unwrap_or_default();
    let _ = write!(
        page,
        "<script type=\"application/json\" id=\"calls\">{calls}</script>\n<script>{SCRIPT}</script>\n\
         </body>\n</html>\n"
    );
    page
}

/// The class of a package's colour.
fn color(package: usize) -> usize {
    package % COLORS
}

/// What a function is, in a line.
fn title(sizes: &Sizes, function: &FunctionSize) -> String {
    let kind = if function.exports == 0 {
        ", internal"
    } else {
        ""
    };
    format!(
        "{}{kind}: {} own, {} closure of {} functions",
        sizes.full_name(function),
        bytes(function.own),
        bytes(function.closure),
        function.reached
    )
}

fn callers(sizes: &Sizes) -> Vec<Vec<usize>> {
    let mut callers = vec![Vec::new(); sizes.functions.len()];
    for (caller, function) in sizes.functions.iter().enumerate() {
        for callee in &function.calls {
            callers[*callee].push(caller);
        }
    }
    callers
}

fn summary(sizes: &Sizes) -> String {
    let Amounts {
        code,
        embedded,
        factor,
        ..
    } = sizes.total;
    let mut html = format!(
        "<header>\n<h1>Code sizes</h1>\n<p>{} packages, {} functions, for <b>{}</b>, linked \
         <b>{}</b>",
        sizes.packages.len(),
        sizes.functions.len(),
        sizes.target,
        sizes.link
    );
    if let Some(image) = &sizes.image {
        let _ = write!(
            html,
            " into {} of {}",
            Escaped(&image.soname),
            bytes(image.bytes)
        );
    }
    let _ = write!(
        html,
        ".</p>\n<dl>\n<div><dt>Stored</dt><dd>{}</dd></div>\n\
         <div><dt>With a copy of every callee in every export</dt><dd>{}</dd></div>\n\
         <div><dt>Times as much</dt><dd>{factor:.1}</dd></div>\n</dl>\n</header>\n",
        bytes(code),
        bytes(embedded)
    );
    html
}

fn packages(sizes: &Sizes) -> String {
    let mut html = "<section aria-labelledby=\"packages\">\n<h2 id=\"packages\">Packages</h2>\n\
        <div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Package<th scope=\"col\">Version\
        <th scope=\"col\">Target<th scope=\"col\">Exports<th scope=\"col\">Functions\
        <th scope=\"col\">Code<th scope=\"col\">Embedded<th scope=\"col\">Times</tr></thead>\n<tbody>\n"
        .to_owned();
    for (i, package) in sizes.packages.iter().enumerate() {
        let Amounts {
            code,
            embedded,
            factor,
            ..
        } = package.amounts;
        let _ = writeln!(
            html,
            "<tr id=\"p{i}\"><th scope=\"row\"><span class=\"swatch b{}\"></span>{}<td>{}<td>{}\
             <td>{}<td>{}<td>{}<td>{}<td>{factor:.1}</tr>",
            color(i),
            Escaped(&package.label),
            Escaped(&package.version.to_string()),
            package.target,
            package.exported,
            package.functions,
            bytes(code),
            bytes(embedded),
        );
    }
    html + "</tbody>\n</table></div>\n</section>\n"
}

/// Packages first, which are fewer.
fn graphs(sizes: &Sizes) -> String {
    let mut html = "<section aria-labelledby=\"graph\">\n<h2 id=\"graph\">Calls</h2>\n".to_owned();
    let functions = &sizes.functions;
    if sizes.packages.len() > 1 {
        let mut calls = vec![BTreeSet::new(); sizes.packages.len()];
        for function in functions {
            let callees = function
                .calls
                .iter()
                .map(|callee| functions[*callee].package);
            calls[function.package].extend(callees.filter(|callee| *callee != function.package));
        }
        let calls: Vec<Vec<usize>> = calls.into_iter().map(Vec::from_iter).collect();
        let nodes = sizes.packages.iter().enumerate().map(|(i, package)| Node {
            label: package.label.clone(),
            title: format!("{} {}", package.label, package.version),
            color: color(i),
            anchor: format!("p{i}"),
        });
        html += "<h3>Between packages</h3>\n";
        html += &layers::draw(&nodes.collect::<Vec<_>>(), &calls, "Calls between packages");
    }
    if functions.len() > DRAWN {
        let _ = writeln!(
            html,
            "<p>{} functions are too many to be drawn; the table lists what each calls.</p>",
            functions.len()
        );
    } else if !functions.is_empty() {
        let calls: Vec<_> = functions
            .iter()
            .map(|function| function.calls.clone())
            .collect();
        let nodes = functions.iter().enumerate().map(|(i, function)| Node {
            label: function.name.clone(),
            title: title(sizes, function),
            color: color(function.package),
            anchor: format!("f{i}"),
        });
        html += "<h3>Between functions</h3>\n<p>Callers stand above what they call. Choose a \
            function to see what belongs to it; the table below says the same.</p>\n";
        let drawing = layers::draw(
            &nodes.collect::<Vec<_>>(),
            &calls,
            "Calls between functions",
        );
        html += &drawing.replacen("class=\"graph\"", "class=\"graph functions\"", 1);
    }
    html + "</section>\n"
}

fn functions(sizes: &Sizes, callers: &[Vec<usize>]) -> String {
    let mut html = "<section aria-labelledby=\"functions\">\n<h2 id=\"functions\">Functions</h2>\n\
        <div class=\"wide\"><table id=\"all\">\n<thead><tr><th scope=\"col\">Function\
        <th scope=\"col\">Package<th scope=\"col\">Kind<th scope=\"col\">Own<th scope=\"col\">Closure\
        <th scope=\"col\">Reaches<th scope=\"col\">Calls</tr></thead>\n<tbody>\n"
        .to_owned();
    let mut order: Vec<usize> = (0..sizes.functions.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(sizes.functions[*i].closure));
    for i in order {
        html += &row(sizes, i, &callers[i]);
    }
    html + "</tbody>\n</table></div>\n</section>\n"
}

fn row(sizes: &Sizes, index: usize, callers: &[usize]) -> String {
    let function = &sizes.functions[index];
    let package = &sizes.packages[function.package];
    let kind = if function.exports == 0 {
        "internal"
    } else {
        "exported"
    };
    let mut html = format!(
        "<tr id=\"f{index}\"><th scope=\"row\">{}<td><span class=\"swatch b{}\"></span>{}<td>{kind}\
         <td data-value=\"{}\">{}<td data-value=\"{}\">{}<td>{}<td>",
        Escaped(&function.name),
        color(function.package),
        Escaped(&package.label),
        function.own,
        bytes(function.own),
        function.closure,
        bytes(function.closure),
        function.reached,
    );
    let _ = write!(
        html,
        "<details><summary>{} calls, {} callers</summary>",
        function.calls.len(),
        callers.len()
    );
    for (word, text) in [
        ("Types", function.signature.as_deref()),
        ("Symbol", Some(function.symbol.as_str())),
        ("Does", function.doc.as_deref()),
    ] {
        if let Some(text) = text {
            let _ = write!(html, "<p>{word}: {}", Escaped(&text::cut(text, 400)));
        }
    }
    html += &links(sizes, "Calls", &function.calls);
    html += &links(sizes, "Called by", callers);
    if !function.system.is_empty() {
        let names = text::cut(&function.system.join(", "), 400);
        let _ = write!(html, "<p>Of the system: {}", Escaped(&names));
    }
    html + "</details></tr>\n"
}

fn links(sizes: &Sizes, word: &str, functions: &[usize]) -> String {
    if functions.is_empty() {
        return String::new();
    }
    let mut html = format!("<p>{word}: ");
    for (i, index) in functions.iter().take(LISTED).enumerate() {
        let name = sizes.full_name(&sizes.functions[*index]);
        let comma = if i == 0 { "" } else { ", " };
        let _ = write!(html, "{comma}<a href=\"#f{index}\">{}</a>", Escaped(&name));
    }
    if let Some(more @ 1..) = functions.len().checked_sub(LISTED) {
        let _ = write!(html, " and {more} more");
    }
    html
}

#[cfg(test)]
mod tests;
