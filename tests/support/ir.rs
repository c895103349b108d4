//! Packages that need no other compiler than Puck's own, and so are built in no time.

use std::fmt::Write as _;

use crate::support::Machine;

/// `x[i] *= a`: vectors of each processor's width, so each target has an object of its own.
const SCALE: &str = "
define void @scale(i64 %n, double %a, ptr %x) {
entry:
  %empty = icmp eq i64 %n, 0
  br i1 %empty, label %done, label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = getelementptr inbounds double, ptr %x, i64 %i
  %old = load double, ptr %p, align 8
  %new = fmul double %old, %a
  store double %new, ptr %p, align 8
  %next = add nuw i64 %i, 1
  %again = icmp ult i64 %next, %n
  br i1 %again, label %loop, label %done
done:
  ret void
}
";

impl Machine {
    /// A package in LLVM IR in a folder of its name. It exports `scale`, and `sum`, which adds
    /// `constant` and what the `sum` of each package that it needs gives.
    pub(crate) fn ir_package(&self, name: &str, version: &str, constant: u32, needs: &[&str]) {
        self.ir_package_in(name, name, version, constant, needs);
    }

    /// The same in any folder.
    pub(crate) fn ir_package_in(
        &self,
        folder: &str,
        name: &str,
        version: &str,
        constant: u32,
        needs: &[&str],
    ) {
        let mut manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"{version}\"\n\n\
             [build]\nsources = [\"src/*.ll\"]\n\n\
             [[function]]\nname = \"sum\"\nsignature = \"fn() -> i64\"\n\n\
             [[function]]\nname = \"scale\"\n\
             signature = \"fn(n: u64, a: f64, x: *mut f64)\"\n\n[dependencies]\n"
        );
        let mut source = SCALE.to_owned();
        let mut body = format!("  %s0 = add i64 0, {constant}\n");
        for (i, need) in needs.iter().enumerate() {
            writeln!(manifest, "{need} = \"1\"").unwrap();
            writeln!(source, "declare i64 @\"{need}::sum\"()").unwrap();
            writeln!(body, "  %c{i} = call i64 @\"{need}::sum\"()").unwrap();
            writeln!(body, "  %s{} = add i64 %s{i}, %c{i}", i + 1).unwrap();
        }
        writeln!(
            source,
            "define i64 @sum() {{\n{body}  ret i64 %s{}\n}}",
            needs.len()
        )
        .unwrap();
        self.write(format!("{folder}/Puck.toml"), manifest);
        self.write(format!("{folder}/src/sum.ll"), source);
    }

    /// Publishes such a package.
    pub(crate) fn publish_ir(&self, name: &str, version: &str, constant: u32, needs: &[&str]) {
        self.ir_package(name, version, constant, needs);
        self.ok(name, "publish");
    }
}
