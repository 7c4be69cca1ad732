//! Finds the mutants of a file: those that cargo-mutants makes.
//!
//! What a mutant does stands beside the original, behind a switch: `a < b` becomes
//! `(if crate::mutants::on(7) { (a) <= (b) } else { a < b })`. The changed branch repeats the text as it was written, without
//! the switches inside of it, so that the file grows with the depth of its expressions and no faster.

use crate::mutant::{Insertion, Mutant};
use crate::values;
use std::collections::BTreeMap;
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, BinOp, Block, Expr, GenericArgument, Pat, Signature, UnOp};

/// The mutants of one file, and what has to be put in for them.
pub struct Found {
    pub mutants: Vec<Mutant>,
    pub insertions: Vec<Insertion>,
}

/// Finds them. The first gets the number `first`; `leave_out` says which are not made.
pub fn find(file: &str, source: &str, first: u32, leave_out: &dyn Fn(&str) -> bool) -> Result<Found, String> {
    let tree = syn::parse_file(source).map_err(|e| format!("{file}: {e}; mend the file first"))?;
    let mut finder = Finder {
        file,
        source,
        first,
        leave_out,
        within: Vec::new(),
        seen: BTreeMap::new(),
        found: Found { mutants: Vec::new(), insertions: Vec::new() },
    };
    finder.visit_file(&tree);
    Ok(finder.found)
}

struct Finder<'a> {
    file: &'a str,
    source: &'a str,
    first: u32,
    leave_out: &'a dyn Fn(&str) -> bool,
    within: Vec<String>,
    seen: BTreeMap<(String, String), usize>,
    found: Found,
}

impl Finder<'_> {
    /// One more mutant; `None` where it is left out.
    fn mutant(&mut self, line: usize, what: String) -> Option<u32> {
        let function = self.within.join("::");
        let nth = self.seen.entry((function.clone(), what.clone())).or_default();
        *nth += 1;
        let number = self.first + self.found.mutants.len() as u32;
        let mutant = Mutant { number, file: self.file.to_owned(), line, function, what, nth: *nth };
        let wanted = !(self.leave_out)(&mutant.name());
        self.found.mutants.push(mutant);
        wanted.then_some(number)
    }

    fn insert(&mut self, at: usize, text: &str, closes: bool, marks: Vec<(u32, Range<usize>)>) {
        self.found.insertions.push(Insertion { at, text: text.to_owned(), closes, marks });
    }

    /// A choice between what is written and its mutants. `inside` goes on with the parts of what is written.
    fn choice(
        &mut self,
        range: Range<usize>,
        line: usize,
        mutants: Vec<(String, String)>,
        inside: impl FnOnce(&mut Self),
    ) {
        let (mut text, mut marks) = ("(".to_owned(), Vec::new());
        for (what, changed) in mutants {
            let Some(number) = self.mutant(line, what) else { continue };
            let from = text.len();
            text.push_str(&format!("if crate::mutants::on({number}) {{ {changed} }} else "));
            marks.push((number, from..text.len()));
        }
        if marks.is_empty() {
            return inside(self);
        }
        text.push_str("{ ");
        self.insert(range.start, &text, false, marks);
        inside(self);
        self.insert(range.end, " })", true, Vec::new());
    }

    fn text(&self, of: &impl Spanned) -> &str {
        &self.source[of.span().byte_range()]
    }

    fn function(
        &mut self,
        attributes: &[Attribute],
        signature: &Signature,
        block: &Block,
        inside: impl FnOnce(&mut Self),
    ) {
        if is_test(attributes) || signature.constness.is_some() || signature.unsafety.is_some() {
            return;
        }
        self.within.push(signature.ident.to_string());
        let (open, close) = (block.brace_token.span.open(), block.brace_token.span.close());
        let (start, end, line) = (open.byte_range().end, close.byte_range().start, signature.ident.span().start().line);
        if values::is_iterator(&signature.output) {
            if let Some(n) = self.mutant(line, "replace body with an empty iterator".to_owned()) {
                let after = format!(" }}).take(if crate::mutants::on({n}) {{ 0 }} else {{ usize::MAX }}) ");
                self.insert(start, " ({", false, Vec::new());
                let marks = vec![(n, 0..after.len())];
                inside(self);
                self.insert(end, &after, true, marks);
                self.within.pop();
                return;
            }
        } else if !block.stmts.is_empty() {
            for value in values::of_return(&signature.output) {
                if let Some(n) = self.mutant(line, format!("replace body with {value}")) {
                    let text = format!(" if crate::mutants::on({n}) {{ return {value}; }}");
                    let marks = vec![(n, 0..text.len())];
                    self.insert(start, &text, false, marks);
                }
            }
        }
        inside(self);
        self.within.pop();
    }

    /// An arm of a match that has a wildcard: it can be deleted. A guard can be as good as always or never there.
    fn arm(&mut self, arm: &syn::Arm, can_be_deleted: bool) {
        let pattern: String = self.text(&arm.pat).split_whitespace().collect::<Vec<_>>().join(" ");
        let line = arm.pat.span().start().line;
        let deleted = can_be_deleted.then(|| self.mutant(line, format!("delete match arm {pattern}"))).flatten();
        let unless = deleted.map(|n| format!("!crate::mutants::on({n})"));
        let marks = |text: &str| deleted.map(|n| (n, 0..text.len())).into_iter().collect();
        match &arm.guard {
            None => {
                if let Some(unless) = unless {
                    let text = format!(" if {unless}");
                    self.insert(arm.pat.span().byte_range().end, &text, true, marks(&text));
                }
            }
            Some((_, guard)) => {
                if let Some(unless) = unless {
                    let text = format!("{unless} && (");
                    self.insert(guard.span().byte_range().start, &text, false, marks(&text));
                }
                let always = ["true", "false"].map(|v| (format!("replace match guard with {v}"), v.to_owned()));
                let guard_line = guard.span().start().line;
                self.choice(guard.span().byte_range(), guard_line, always.into(), |all| all.visit_expr(guard));
                if deleted.is_some() {
                    self.insert(guard.span().byte_range().end, ")", true, Vec::new());
                }
            }
        }
        self.visit_expr(&arm.body);
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.attrs, &item.sig, &item.block, |all| all.visit_block(&item.block));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.attrs, &item.sig, &item.block, |all| all.visit_block(&item.block));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.attrs, &item.sig, block, |all| all.visit_block(block));
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if is_test(&item.attrs) {
            return;
        }
        let of = self.text(&item.self_ty).split('<').next().unwrap_or_default().to_owned();
        self.within.push(of);
        visit::visit_item_impl(self, item);
        self.within.pop();
    }

    fn visit_expr_binary(&mut self, e: &'ast syn::ExprBinary) {
        let (left, right) = (self.text(&e.left).to_owned(), self.text(&e.right).to_owned());
        let was = self.text(&e.op).to_owned();
        let others: &[&str] = if has_let(&e.left) || has_let(&e.right) { &[] } else { instead(&e.op) };
        let mutants = others.iter().map(|op| (format!("replace {was} with {op}"), format!("({left}) {op} ({right})")));
        let line = e.op.span().start().line;
        self.choice(e.span().byte_range(), line, mutants.collect(), |all| visit::visit_expr_binary(all, e));
    }

    fn visit_expr_unary(&mut self, e: &'ast syn::ExprUnary) {
        let sign = match e.op {
            UnOp::Not(_) => "!",
            UnOp::Neg(_) => "-",
            _ => return visit::visit_expr_unary(self, e),
        };
        let mutants = vec![(format!("delete {sign}"), self.text(&e.expr).to_owned())];
        self.choice(e.span().byte_range(), e.span().start().line, mutants, |all| visit::visit_expr_unary(all, e));
    }

    fn visit_expr_match(&mut self, e: &'ast syn::ExprMatch) {
        self.visit_expr(&e.expr);
        let is_wild = |arm: &syn::Arm| matches!(arm.pat, Pat::Wild(_)) && arm.guard.is_none();
        let any_wild = e.arms.iter().any(is_wild);
        e.arms.iter().for_each(|arm| self.arm(arm, any_wild && !is_wild(arm)));
    }

    // What is worked out while compiling has no switch.
    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_expr_const(&mut self, _: &'ast syn::ExprConst) {}
    fn visit_expr_repeat(&mut self, e: &'ast syn::ExprRepeat) {
        self.visit_expr(&e.expr);
    }
    fn visit_item_enum(&mut self, _: &'ast syn::ItemEnum) {}
    fn visit_item_struct(&mut self, _: &'ast syn::ItemStruct) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
    fn visit_generic_argument(&mut self, _: &'ast GenericArgument) {}
    fn visit_pat(&mut self, _: &'ast Pat) {}
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

/// Tests, and what only debug builds have.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        let cfg = || match &attribute.meta {
            syn::Meta::List(list) => list.tokens.to_string(),
            _ => String::new(),
        };
        path.is_ident("test") || path.is_ident("cfg") && matches!(cfg().as_str(), "test" | "debug_assertions")
    })
}

/// `a && let Some(b) = c` is no value: it cannot be chosen.
fn has_let(e: &Expr) -> bool {
    match e {
        Expr::Let(_) => true,
        Expr::Binary(b) => matches!(b.op, BinOp::And(_)) && (has_let(&b.left) || has_let(&b.right)),
        _ => false,
    }
}

/// What stands in an operator's place.
fn instead(op: &BinOp) -> &'static [&'static str] {
    match op {
        BinOp::Eq(_) => &["!="],
        BinOp::Ne(_) => &["=="],
        BinOp::And(_) => &["||"],
        BinOp::Or(_) => &["&&"],
        BinOp::Lt(_) => &["==", ">", "<="],
        BinOp::Gt(_) => &["==", "<", ">="],
        BinOp::Le(_) => &[">"],
        BinOp::Ge(_) => &["<"],
        BinOp::Add(_) => &["-", "*"],
        BinOp::Sub(_) => &["+", "/"],
        BinOp::Mul(_) => &["+", "/"],
        BinOp::Div(_) => &["%", "*"],
        BinOp::Rem(_) => &["/", "+"],
        BinOp::Shl(_) => &[">>"],
        BinOp::Shr(_) => &["<<"],
        BinOp::BitAnd(_) => &["|", "^"],
        BinOp::BitOr(_) => &["&", "^"],
        BinOp::BitXor(_) => &["|", "&"],
        BinOp::AddAssign(_) => &["-=", "*="],
        BinOp::SubAssign(_) => &["+=", "/="],
        BinOp::MulAssign(_) => &["+=", "/="],
        BinOp::DivAssign(_) => &["%=", "*="],
        BinOp::BitOrAssign(_) => &["&=", "^="],
        BinOp::BitAndAssign(_) => &["|=", "^="],
        _ => &[],
    }
}
