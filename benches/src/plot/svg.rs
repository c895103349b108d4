//! Elements of SVG, written as text.

use std::fmt::Write as _;

/// A drawing.
pub(super) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// Where the middle, the beginning or the end of a text stands.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Svg {
    pub(super) fn new(width: f64, height: f64) -> Svg {
        Svg {
            width,
            height,
            body: String::new(),
        }
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str) {
        let _ = writeln!(
            self.body,
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\"/>",
            from.0, from.1, to.0, to.1
        );
    }

    /// Lines from point to point, each point marked.
    pub(super) fn curve(&mut self, points: &[(f64, f64)], colour: &str) {
        let mut places = String::new();
        for (x, y) in points {
            let _ = write!(places, "{x:.1},{y:.1} ");
        }
        let _ = writeln!(
            self.body,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\"/>",
            places.trim_end()
        );
        for (x, y) in points {
            let _ = writeln!(
                self.body,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.6\" fill=\"{colour}\"/>"
            );
        }
    }

    /// A filled rectangle; `about` is shown when it is pointed at.
    pub(super) fn bar(&mut self, corner: (f64, f64), size: (f64, f64), colour: &str, about: &str) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\">\
             <title>{}</title></rect>",
            corner.0,
            corner.1,
            size.0.max(0.0),
            size.1,
            escaped(about)
        );
    }

    pub(super) fn text(&mut self, place: (f64, f64), anchor: Anchor, text: &str) {
        self.words(place, anchor, text, "");
    }

    pub(super) fn bold(&mut self, place: (f64, f64), anchor: Anchor, text: &str) {
        self.words(place, anchor, text, " font-weight=\"bold\"");
    }

    fn words(&mut self, place: (f64, f64), anchor: Anchor, text: &str, style: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let _ = writeln!(
            self.body,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\"{style}>{}</text>",
            place.0,
            place.1,
            escaped(text)
        );
    }

    /// The whole document, on white: pages may be dark.
    pub(super) fn finish(self, title: &str) -> String {
        let Svg {
            width,
            height,
            body,
        } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"11\">\n\
             <title>{}</title>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n",
            escaped(title)
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Fails unless every element that begins also ends, in order, and nothing stands unescaped.
    pub(in crate::plot) fn assert_well_formed(svg: &str) {
        let mut open = Vec::new();
        for (place, piece) in svg.split('<').enumerate().skip(1) {
            let (tag, text) = piece.split_once('>').expect("a tag ends");
            assert!(!text.contains('>'), "piece {place}: {piece}");
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            let name = tag.split([' ', '/']).find(|word| !word.is_empty());
            let name = name.expect("a tag has a name");
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name), "{svg}");
            } else if !tag.ends_with('/') {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{open:?} is not closed");
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn documents_are_well_formed_and_escaped() {
        let mut svg = Svg::new(10.0, 20.0);
        svg.line((0.0, 0.0), (1.0, 2.0), "#000000");
        svg.curve(&[(0.0, 1.0), (2.0, 3.0)], "#000000");
        svg.bar((0.0, 0.0), (1.0, 2.0), "#000000", "a < b");
        svg.text((0.0, 0.0), Anchor::End, "x & \"y\"");
        let svg = svg.finish("<title>");
        assert_well_formed(&svg);
        assert!(svg.contains("a &lt; b") && svg.contains("x &amp; &quot;y&quot;"));
        assert!(svg.contains("<title>&lt;title&gt;</title>"));
    }
}
