//! Packages that use what the process provides: built from Python sources, linked in every mode, called
//! in this process, which has no Python. The front end is a script in the place of the real one; what
//! serves its package is the real `numba-runtime`.

use std::ffi::c_void;
use std::path::Path;
use std::ptr::{NonNull, null_mut};

use insta::{allow_duplicates, assert_snapshot};
use puck_runtime::{Environment, Error, HostImport, opaque};

use crate::link_modes::MODES;
use crate::support::Machine;

/// Gives the module and the description of `kernels`, in place of compiling its source.
const FRONT_END: &str = include_str!("support/front_end.py");

/// A function that calls one of `kernels` that needs no Python.
const CALLER: &str = "\
#include <kernels.h>
double doubled(double x)
{
    double result;
    void *exception;
    return kernels_root(&result, &exception, x) == 0 ? 2 * result : -1;
}
";

/// One that calls one that does.
const ASKER: &str = "\
#include <kernels.h>
int asks(void)
{
    int32_t result;
    void *exception;
    return kernels_python(&result, &exception) == 0 ? result : -1;
}
";

/// An array of Numba's.
#[repr(C)]
struct Array {
    owner: *mut c_void,
    parent: *mut c_void,
    items: i64,
    item_size: i64,
    data: *mut f64,
    shape: i64,
    stride: i64,
}
opaque!(Array as "ArrayF64x1");

type Squares = unsafe extern "C" fn(*mut Array, *mut *mut c_void, i64) -> i32;
type Root = unsafe extern "C" fn(*mut f64, *mut *mut c_void, f64) -> i32;
type Python = unsafe extern "C" fn(*mut i32, *mut *mut c_void) -> i32;

/// A machine with the packages, and a project that uses them.
fn machine(dependencies: &[(&str, &str)]) -> Machine {
    let machine = Machine::new();
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../python/numba-runtime");
    for (path, file) in [("Puck.toml", "Puck.toml"), ("README.md", "README.md")] {
        let text = fs_err::read_to_string(runtime.join(file)).unwrap();
        machine.write(format!("numba-runtime/{path}"), text);
    }
    for entry in fs_err::read_dir(runtime.join("src")).unwrap() {
        let entry = entry.unwrap();
        let text = fs_err::read(entry.path()).unwrap();
        machine.write(Path::new("numba-runtime/src").join(entry.file_name()), text);
    }
    // One target is enough here, and takes a third of the time.
    machine.edit(
        "numba-runtime/Puck.toml",
        "[build]",
        "[build]\ntargets = [\"x86-64\"]",
    );
    machine.ok("numba-runtime", "publish");

    machine.publish_kernels(FRONT_END);
    machine.publish("caller", "1.0.0", CALLER, "kernels = \"1\"\n");
    machine.publish("asker", "1.0.0", ASKER, "kernels = \"1\"\n");
    machine.project(dependencies);
    machine
}

fn refusal(error: &Error) -> String {
    format!("{error}\nhint: {}", error.hint().unwrap_or_default())
}

/// Calls everything that can be called without Python.
fn check(environment: &Environment) {
    let squares = environment.function::<Squares>("kernels::squares").unwrap();
    let release: puck_runtime::LinkName = {
        let functions = environment.functions("numba-runtime").unwrap();
        let mut functions = functions.into_iter();
        let is_release =
            |f: &puck_package::document::Function| f.name.as_str() == "NRT_MemInfo_release";
        functions.find(is_release).unwrap().link_name
    };
    let release = environment.symbol(&release).unwrap();
    // SAFETY: its type, as Numba declares it.
    let release =
        unsafe { std::mem::transmute::<*const c_void, unsafe extern "C" fn(*mut c_void)>(release) };
    let mut exception = null_mut();
    let mut array = std::mem::MaybeUninit::<Array>::uninit();
    // SAFETY: both places may be written to; the array is there when the status is 0.
    let array = unsafe {
        assert_eq!(squares(array.as_mut_ptr(), &mut exception, 5), 0);
        array.assume_init()
    };
    assert_eq!(
        (array.items, array.item_size, array.shape, array.stride),
        (5, 8, 5, 8)
    );
    assert!(array.parent.is_null() && array.data.is_aligned());
    // SAFETY: so many items are there, and the one reference is given back.
    unsafe {
        let items = std::slice::from_raw_parts(array.data, 5);
        assert_eq!(items, [0.0, 1.0, 4.0, 9.0, 16.0]);
        release(array.owner);
    }

    let root = environment.function::<Root>("kernels::root").unwrap();
    let mut result = 0.0;
    // SAFETY: as above.
    let status = unsafe { root(&mut result, &mut exception, 5.0) };
    assert_eq!((status, result), (0, 24.0));
    // SAFETY: as above.
    let status = unsafe { root(&mut result, &mut exception, -5.0) };
    // SAFETY: what the function has just left.
    let raised = unsafe { environment.numba_exception("kernels", status, exception) };
    let raised = raised.unwrap().unwrap();
    assert_eq!(raised.to_string(), "ValueError: negative: 'x'");
    assert_eq!(raised.location.unwrap().line, 12);

    let doubled = environment
        .function::<unsafe extern "C" fn(f64) -> f64>("caller::doubled")
        .unwrap();
    // SAFETY: any number is right.
    assert_eq!(unsafe { [doubled(5.0), doubled(-1.0)] }, [48.0, -1.0]);
}

extern "C" fn no_error() -> *mut c_void {
    null_mut()
}

/// Functions that need Python are refused until somebody has it.
fn check_python(environment: &Environment) {
    let python = || environment.function::<Python>("kernels::python");
    let asks = || environment.function::<extern "C" fn() -> i32>("asker::asks");
    allow_duplicates! {
        assert_snapshot!(refusal(&python().unwrap_err()), @"
        `kernels::python` of kernels 1.0.0 uses what nothing in this process provides:
          python: PyErr_Occurred
        hint: call it from Python, with the packages puck and numba
        ");
    }
    assert!(matches!(asks(), Err(Error::NotProvided { .. })));
    let provider = |import: &HostImport| {
        let is_it = import.symbol == "PyErr_Occurred" && import.provider == "python";
        NonNull::new(no_error as *mut c_void).filter(|_| is_it)
    };
    // SAFETY: a function of that name's type.
    unsafe { environment.provide(provider) };
    assert_eq!(asks().unwrap()(), 7);
    let (mut result, mut exception) = (0, null_mut());
    // SAFETY: both places may be written to.
    let status = unsafe { python().unwrap()(&mut result, &mut exception) };
    assert_eq!((status, result), (0, 7));
}

#[test]
fn functions_of_numba_run_without_python_in_every_mode() {
    let names = ["kernels", "caller", "asker", "numba-runtime"];
    let machine = machine(&names.map(|name| (name, "1")));
    for mode in MODES {
        machine.ok("project", &format!("install --link {mode}"));
        let environment = Environment::open(machine.path("project")).unwrap();
        check(&environment);
        check_python(&environment);
        let share = environment.share("kernels", "numba.json").unwrap().unwrap();
        assert!(share.starts_with(b"{\"format\": 1"));
        let header = machine.path("project/.puck/include/kernels.numba.h");
        assert!(
            fs_err::read_to_string(header)
                .unwrap()
                .contains("ArrayF64x1")
        );
    }
    machine.expect_tidy();
}

#[test]
fn without_the_runtime_package_functions_that_need_it_are_refused() {
    let machine = machine(&[("caller", "1")]);
    for mode in MODES {
        machine.ok("project", &format!("install --link {mode}"));
        // In a process of its own: in this one, another test may have loaded the same libraries.
        let refused = machine.refused("project", "run caller::doubled 5");
        allow_duplicates! {
            assert_snapshot!(refused.stderr, @"
            error: `caller::doubled` of caller 1.0.0 uses what nothing in this process provides:
              numba-runtime: numba_gamma

            hint: `puck add numba-runtime`, then `puck install`, adds a package that provides the functions of numba-runtime
            ");
        }
    }
    // It is not a dependency of its own: the lockfile changes nothing else.
    machine.ok("project", "add numba-runtime");
    assert_eq!(machine.ok("project", "run caller::doubled 5"), "48\n");
}
