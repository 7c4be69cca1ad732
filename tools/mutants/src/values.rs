//! What a function gives instead of what it works out, by its type.

use syn::{GenericArgument, PathArguments, ReturnType, Type};

/// Values of the type that a function returns, as source text.
pub fn of_return(output: &ReturnType) -> Vec<String> {
    match output {
        ReturnType::Default => vec!["()".to_owned()],
        ReturnType::Type(_, ty) => of(ty),
    }
}

/// Whether a function gives an iterator whose type has no name.
pub fn is_iterator(output: &ReturnType) -> bool {
    let ReturnType::Type(_, ty) = output else { return false };
    let Type::ImplTrait(bounds) = &**ty else { return false };
    bounds.bounds.iter().any(|bound| {
        matches!(bound, syn::TypeParamBound::Trait(t) if t.path.segments.last().is_some_and(|s| s.ident == "Iterator"))
    })
}

fn of(ty: &Type) -> Vec<String> {
    match ty {
        Type::Tuple(tuple) => tuple.elems.iter().fold(vec![String::new()], |all, part| {
            let values = of(part);
            all.iter().flat_map(|before| values.iter().map(move |v| format!("{before}{v}, "))).collect()
        }),
        _ => return of_one(ty),
    }
    .into_iter()
    .map(|parts| format!("({parts})"))
    .collect()
}

fn of_one(ty: &Type) -> Vec<String> {
    match ty {
        Type::Path(path) => of_path(path),
        Type::Reference(reference) => of_reference(reference),
        Type::Array(array) => of(&array.elem).into_iter().map(|v| format!("[{v}; _]")).collect(),
        Type::Paren(inner) => of(&inner.elem),
        Type::ImplTrait(_) | Type::Never(_) => Vec::new(),
        _ => words(&["Default::default()"]),
    }
}

fn of_path(path: &syn::TypePath) -> Vec<String> {
    let Some(last) = path.path.segments.last() else { return Vec::new() };
    let inner = |nth: usize| match &last.arguments {
        PathArguments::AngleBracketed(args) => {
            let types =
                args.args.iter().filter_map(|arg| if let GenericArgument::Type(t) = arg { Some(t) } else { None });
            types.skip(nth).take(1).flat_map(of).collect()
        }
        _ => Vec::new(),
    };
    let around = |before: &str, after: &str| inner(0).iter().map(|v| format!("{before}{v}{after}")).collect::<Vec<_>>();
    match last.ident.to_string().as_str() {
        "bool" => words(&["true", "false"]),
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => words(&["0", "1"]),
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => words(&["0", "1", "-1"]),
        "f32" | "f64" => words(&["0.0", "1.0", "-1.0"]),
        "String" => words(&["String::new()", "\"xyzzy\".into()"]),
        "Option" => [words(&["None"]), around("Some(", ")")].concat(),
        "Result" => around("Ok(", ")"),
        "Vec" => [words(&["vec![]"]), around("vec![", "]")].concat(),
        name @ ("Box" | "Rc" | "Arc") => around(&format!("{name}::new("), ")"),
        "BTreeSet" => [words(&["BTreeSet::new()"]), around("BTreeSet::from_iter([", "])")].concat(),
        "BTreeMap" => {
            let pairs = inner(0).into_iter().flat_map(|k| inner(1).into_iter().map(move |v| format!("[({k}, {v})]")));
            let some = pairs.map(|pair| format!("BTreeMap::from_iter({pair})"));
            words(&["BTreeMap::new()"]).into_iter().chain(some).collect()
        }
        _ => words(&["Default::default()"]),
    }
}

fn of_reference(reference: &syn::TypeReference) -> Vec<String> {
    let leak = |v: String| format!("Box::leak(Box::new({v}))");
    match &*reference.elem {
        Type::Path(path) if path.path.is_ident("str") => words(&["\"\"", "\"xyzzy\""]),
        Type::Slice(slice) => {
            let some = of(&slice.elem).into_iter().map(|v| format!("Vec::leak(vec![{v}])"));
            words(&["Vec::leak(Vec::new())"]).into_iter().chain(some).collect()
        }
        other => of(other).into_iter().map(leak).collect(),
    }
}

fn words(all: &[&str]) -> Vec<String> {
    all.iter().map(|word| (*word).to_owned()).collect()
}
