use proptest::prelude::*;

use super::*;

fn array(element: Element, values: &[&str]) -> Array {
    let mut array = Array::new(element);
    for value in values {
        array.push(element.parse(value).unwrap()).unwrap();
    }
    array
}

#[test]
fn elements_stand_as_c_has_them() {
    let mut array = array(Element::I16, &["1", "-2", "3", "4", "5"]);
    let address = array.guard().cast::<i16>();
    // SAFETY: the array has five elements of that type.
    let found = unsafe { std::slice::from_raw_parts(address, 5) };
    assert_eq!(found, [1, -2, 3, 4, 5]);
    assert!(array.unguard());
    assert_eq!(array.iter().count(), 5);
    assert_eq!(array.get(5), None);
}

#[test]
fn writes_behind_the_end_are_seen() {
    for (element, length) in [
        (Element::U8, 0),
        (Element::U8, 3),
        (Element::F64, 2),
        (Element::I16, 4),
    ] {
        for behind in 0..64 {
            let mut array = Array::zeros(element, length).unwrap();
            let untouched = array.clone();
            let first = array.guard().cast::<u8>();
            let end = length as usize * element.size();
            // SAFETY: the guard is at least 64 bytes.
            unsafe { *first.add(end + behind) ^= 1 };
            assert!(!array.unguard(), "{element} {length} {behind}");
            // What is behind is no part of the array.
            assert_eq!(array, untouched);
        }
    }
}

#[test]
fn too_much_is_refused_before_memory_is_taken() {
    for length in [(1 << 29) + 1, u128::from(u64::MAX), u128::MAX] {
        let error = Array::zeros(Element::F64, length).unwrap_err();
        assert!(matches!(error, ArgumentError::TooLarge { .. }), "{error}");
    }
    let mut one = array(Element::U8, &["1"]);
    assert!(one.repeat_from(0, u128::MAX).is_err());
    assert_eq!(one.len(), 1);
}

#[test]
fn repetition() {
    let mut one = array(Element::U8, &["1", "2", "3"]);
    one.repeat_from(1, 3).unwrap();
    assert_eq!(
        one,
        array(Element::U8, &["1", "2", "3", "2", "3", "2", "3"])
    );
    one.repeat_from(1, 0).unwrap();
    assert_eq!(one, array(Element::U8, &["1"]));
    one.repeat_from(1, u128::MAX).unwrap();
    assert_eq!(one.len(), 1);
}

#[test]
fn shown_to_people() {
    let five = array(Element::F64, &["1", "2.5", "-0", "nan", "1e300"]);
    let cases = [
        (None, "[1, 2.5, -0, nan, 1e300]"),
        (Some(5), "[1, 2.5, -0, nan, 1e300]"),
        (Some(4), "[1, 2.5, …, nan, 1e300] (5 values)"),
        (Some(3), "[1, 2.5, …, 1e300] (5 values)"),
        (Some(1), "[1, …] (5 values)"),
        (Some(0), "[…] (5 values)"),
    ];
    for (limit, shown) in cases {
        assert_eq!(five.display(limit).to_string(), shown);
    }
    assert_eq!(Array::new(Element::I8).display(Some(0)).to_string(), "[]");
    assert_eq!(
        serde_json::to_string(&five).unwrap().replace("e+", "e"),
        "[1.0,2.5,-0.0,\"nan\",1e300]"
    );
}

proptest! {
    #[test]
    fn what_is_pushed_is_found(values: Vec<(u8, i16, u32, f64)>) {
        let (mut a, mut b) = (Array::new(Element::U8), Array::new(Element::I16));
        let (mut c, mut d) = (Array::new(Element::U32), Array::new(Element::F64));
        for (w, x, y, z) in &values {
            a.push((*w).into()).unwrap();
            b.push((*x).into()).unwrap();
            c.push((*y).into()).unwrap();
            d.push((*z).into()).unwrap();
        }
        for guarded in [false, true] {
            if guarded {
                for array in [&mut a, &mut b, &mut c, &mut d] {
                    array.guard();
                    prop_assert!(array.unguard());
                }
            }
            prop_assert!(a.iter().eq(values.iter().map(|v| Value::U8(v.0))));
            prop_assert!(b.iter().eq(values.iter().map(|v| Value::I16(v.1))));
            prop_assert!(c.iter().eq(values.iter().map(|v| Value::U32(v.2))));
            prop_assert!(d.iter().eq(values.iter().map(|v| Value::F64(v.3))));
        }
    }
}
