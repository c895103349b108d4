//! A Python with a stand-in for the front end, which builds packages of Python files without Numba.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::Machine;

impl Machine {
    /// Writes the program `python` of this machine, to which `script` is the module `puck.frontend`.
    pub(crate) fn front_end(&self, script: &str) {
        self.write("packages/puck/__init__.py", "");
        self.write("packages/puck/frontend/__init__.py", "");
        self.write("packages/puck/frontend/__main__.py", script);
        self.write("packages/numba/__init__.py", "");
        let packages = self.path("packages");
        let shell = format!(
            "#!/bin/sh\nPYTHONPATH={} exec python3 -S \"$@\"\n",
            packages.display()
        );
        self.write("python", shell);
        let executable = std::fs::Permissions::from_mode(0o755);
        fs_err::set_permissions(self.path("python"), executable).unwrap();
    }

    /// Publishes the package `kernels`, all of which the front end `script` makes.
    pub(crate) fn publish_kernels(&self, script: &str) {
        self.front_end(script);
        self.write(
            "kernels/Puck.toml",
            "[package]\nname = \"kernels\"\nversion = \"1.0.0\"\n\n\
             [build]\nsources = [\"kernels.py\"]\ntargets = [\"x86-64\"]\npython = \"../python\"\n",
        );
        self.write("kernels/kernels.py", "# Not looked at here.\n");
        self.ok("kernels", "publish");
    }
}
