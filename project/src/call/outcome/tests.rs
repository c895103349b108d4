use super::*;
use crate::call::{Array, Element, Value};

fn outcome() -> Outcome {
    let mut values = Array::new(Element::F64);
    for text in ["1", "nan", "-0"] {
        values.push(Element::F64.parse(text).unwrap()).unwrap();
    }
    Outcome {
        result: Some(Data::Number(Value::F64(0.1))),
        changed: vec![
            Changed {
                position: 2,
                name: Some("y".to_owned()),
                values: values.clone().into(),
            },
            Changed {
                position: 3,
                name: None,
                values: values.into(),
            },
        ],
        raised: None,
    }
}

#[test]
fn for_people() {
    assert_eq!(
        outcome().display(None).to_string(),
        "0.1\ny = [1, nan, -0]\nargument 3 = [1, nan, -0]"
    );
    assert_eq!(
        outcome().display(Some(2)).to_string(),
        "0.1\ny = [1, …, -0] (3 values)\nargument 3 = [1, …, -0] (3 values)"
    );
    let nothing = Outcome {
        result: None,
        changed: Vec::new(),
        raised: None,
    };
    assert_eq!(nothing.display(None).to_string(), "");
    let only_changed = Outcome {
        result: None,
        ..outcome()
    };
    assert!(only_changed.display(None).to_string().starts_with("y = "));
}

#[test]
fn as_json() {
    let report = Report {
        function: "linalg::axpy",
        signature: "fn(n: u64, y: *mut f64)",
        outcome: &outcome(),
    };
    assert_eq!(
        serde_json::to_string(&report).unwrap(),
        "{\"function\":\"linalg::axpy\",\"signature\":\"fn(n: u64, y: *mut f64)\",\"result\":0.1,\
         \"changed\":[{\"position\":2,\"parameter\":\"y\",\"values\":[1.0,\"nan\",-0.0]},\
         {\"position\":3,\"parameter\":null,\"values\":[1.0,\"nan\",-0.0]}]}"
    );
}
