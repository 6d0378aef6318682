//! What stands in the parentheses of the attributes.

use proc_macro::{Span, TokenStream, TokenTree};

use crate::Result;
use crate::tokens::{Error, is_punct, parse};

pub(crate) struct Options {
    pub(crate) worker_threads: Option<TokenStream>,
    /// The path of reference-runtime.
    pub(crate) path: TokenStream,
}

const KNOWN: &str = "the options are `worker_threads = N` and `crate = \"path\"`";

impl Options {
    pub(crate) fn parse(arguments: TokenStream) -> Result<Options> {
        let (mut worker_threads, mut path) = (None, None);
        let mut tokens = arguments.into_iter().peekable();
        while let Some(name) = tokens.next() {
            let TokenTree::Ident(name) = name else {
                return Err(Error::new(name.span(), format!("this is the place of an option; {KNOWN}")));
            };
            let option = match name.to_string().as_str() {
                "worker_threads" => &mut worker_threads,
                "crate" => &mut path,
                "flavor" => {
                    let message = "there are no flavors: the one scheduler keeps to one thread where that is faster; \
                                   `worker_threads = 1` makes it do so always";
                    return Err(Error::new(name.span(), message));
                }
                _ => return Err(Error::new(name.span(), format!("there is no option `{name}`; {KNOWN}"))),
            };
            if option.is_some() {
                return Err(Error::new(name.span(), format!("the option `{name}` is given twice")));
            }
            if !tokens.next().is_some_and(|token| is_punct(&token, '=')) {
                return Err(Error::new(name.span(), format!("the option `{name}` needs a value; {KNOWN}")));
            }
            let mut value = Vec::new();
            while tokens.peek().is_some_and(|token| !is_punct(token, ',')) {
                value.extend(tokens.next());
            }
            tokens.next();
            if value.is_empty() {
                return Err(Error::new(name.span(), format!("the option `{name}` needs a value; {KNOWN}")));
            }
            *option = Some(value);
        }
        Ok(Options {
            worker_threads: worker_threads.map(workers).transpose()?,
            path: path.map_or_else(|| Ok(parse("::reference_runtime", &[])), as_path)?,
        })
    }
}

/// A number, or an expression of which the compiler will see that it is one.
fn workers(value: Vec<TokenTree>) -> Result<TokenStream> {
    if let [TokenTree::Literal(literal)] = &value[..] {
        let text = literal.to_string().replace('_', "");
        let digits = text.trim_end_matches("usize");
        match digits.parse::<usize>() {
            Ok(0) => return Err(Error::new(literal.span(), "a runtime needs a worker: give at least 1")),
            Err(_) if !digits.starts_with("0x") => {
                return Err(Error::new(literal.span(), "`worker_threads` is a number, such as 4"));
            }
            _ => {}
        }
    }
    Ok(value.into_iter().collect())
}

/// A path, in a text or as it is.
fn as_path(value: Vec<TokenTree>) -> Result<TokenStream> {
    let [TokenTree::Literal(literal)] = &value[..] else { return Ok(value.into_iter().collect()) };
    let text = literal.to_string();
    let path = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let is_path_character = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '#' | ' ' | '$');
    let path = path.filter(|path| !path.trim().is_empty() && path.chars().all(is_path_character));
    let wrong = || Error::new(literal.span(), "`crate` is a path, such as \"crate::runtime\"");
    let path: TokenStream = path.ok_or_else(wrong)?.parse().map_err(|_| wrong())?;
    // A path that leads nowhere is reported at the text; `crate` and `self` mean the user's.
    let span = Span::call_site().located_at(literal.span());
    let spanned = path.into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    Ok(spanned.collect())
}
