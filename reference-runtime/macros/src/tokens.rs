//! Errors and pieces of code, as tokens.

use proc_macro::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// A complaint about a place in the source.
pub(crate) struct Error {
    span: Span,
    message: String,
}

impl Error {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Error {
        Error { span, message: message.into() }
    }

    /// A `compile_error!` there.
    pub(crate) fn into_stream(self) -> TokenStream {
        let mut message = Literal::string(&self.message);
        message.set_span(self.span);
        let colon = |spacing| TokenTree::from(Punct::new(':', spacing));
        let name = |name| TokenTree::from(Ident::new(name, self.span));
        let tokens = [
            colon(Spacing::Joint),
            colon(Spacing::Alone),
            name("core"),
            colon(Spacing::Joint),
            colon(Spacing::Alone),
            name("compile_error"),
            Punct::new('!', Spacing::Alone).into(),
            Group::new(Delimiter::Brace, TokenTree::from(message).into()).into(),
        ];
        // The compiler points to where the invocation begins.
        let spanned = tokens.into_iter().map(|mut token| {
            token.set_span(self.span);
            token
        });
        spanned.collect()
    }
}

/// The code, in which each `%` stands for the next of the streams. Names in it are ours: they do not meet the user's.
pub(crate) fn parse(code: &str, streams: &[&TokenStream]) -> TokenStream {
    let mut streams = streams.iter();
    let code: TokenStream = code.parse().expect("the code of this crate is Rust");
    fill(code, &mut streams)
}

fn fill<'a>(code: TokenStream, streams: &mut impl Iterator<Item = &'a &'a TokenStream>) -> TokenStream {
    let mut filled = TokenStream::new();
    for mut token in code {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == '%' => {
                let stream = streams.next().expect("there is one for each");
                filled.extend((*stream).clone());
                continue;
            }
            TokenTree::Group(group) => {
                token = Group::new(group.delimiter(), fill(group.stream(), streams)).into();
            }
            _ => {}
        }
        token.set_span(Span::mixed_site());
        filled.extend([token]);
    }
    filled
}

/// The tokens between brackets of this kind.
pub(crate) fn group(open: char, tokens: TokenStream) -> TokenTree {
    let delimiter = match open {
        '(' => Delimiter::Parenthesis,
        '{' => Delimiter::Brace,
        _ => unreachable!("no other is asked for"),
    };
    Group::new(delimiter, tokens).into()
}

pub(crate) fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}
