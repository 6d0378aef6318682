//! The function that an attribute stands on.

use std::iter::Peekable;

use proc_macro::{Delimiter, Group, Ident, Span, TokenStream, TokenTree, token_stream};

use crate::tokens::{Error, group, is_punct};
use crate::{Kind, Result};

/// An `async fn` without parameters and generics, in its parts.
pub(crate) struct Function {
    attributes: TokenStream,
    visibility: TokenStream,
    async_keyword: Ident,
    fn_keyword: Ident,
    name: Ident,
    parameters: Group,
    /// The arrow and the type, if there are any.
    output: TokenStream,
    body: TokenTree,
}

impl Function {
    pub(crate) fn parse(kind: Kind, item: TokenStream) -> Result<Function> {
        let attribute = kind.name();
        let mut tokens = item.into_iter().peekable();
        let attributes = attributes(&mut tokens);
        let visibility = visibility(&mut tokens);
        let no_function =
            |span| Error::new(span, format!("{attribute} stands on an `async fn`, and this is none"));
        let mut async_keyword = None;
        let fn_keyword = loop {
            let Some(token) = tokens.next() else { return Err(no_function(Span::call_site())) };
            let TokenTree::Ident(ident) = token else { return Err(no_function(token.span())) };
            match ident.to_string().as_str() {
                "async" => async_keyword = Some(ident),
                "fn" => break ident,
                "const" | "unsafe" | "extern" => {
                    let message = format!("{attribute}: the function must not be `{ident}`");
                    return Err(Error::new(ident.span(), message));
                }
                _ => return Err(no_function(ident.span())),
            }
        };
        let Some(TokenTree::Ident(name)) = tokens.next() else { return Err(no_function(fn_keyword.span())) };
        let Some(async_keyword) = async_keyword else {
            let message =
                format!("the function `{name}` is not `async`, and so needs no {attribute}: add `async`");
            return Err(Error::new(fn_keyword.span(), message));
        };
        if let Some(open) = tokens.next_if(|token| is_punct(token, '<')) {
            let message = format!("{attribute}: nobody says what the generics of `{name}` stand for");
            return Err(Error::new(open.span(), message));
        }
        let Some(TokenTree::Group(parameters)) = tokens.next() else { return Err(no_function(name.span())) };
        if let Some(parameter) = parameters.stream().into_iter().next() {
            let message = format!("{attribute}: nobody gives `{name}` its parameters; it must have none");
            return Err(Error::new(parameter.span(), message));
        }
        let mut output: Vec<TokenTree> = tokens.collect();
        // From a macro, the block comes in a group without brackets.
        let is_body = |token: &TokenTree| matches!(token, TokenTree::Group(_));
        let Some(body) = output.pop().filter(is_body) else {
            return Err(Error::new(name.span(), format!("{attribute}: the function `{name}` has no body")));
        };
        let output = output.into_iter().collect();
        Ok(Function { attributes, visibility, async_keyword, fn_keyword, name, parameters, output, body })
    }

    /// The function as it was, without what only its place asks for.
    pub(crate) fn inner(&self) -> TokenStream {
        let mut inner = TokenStream::from(TokenTree::from(self.async_keyword.clone()));
        inner.extend(self.head());
        inner.extend([match &self.body {
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => self.body.clone(),
            other => group('{', other.clone().into()),
        }]);
        inner
    }

    /// The function around it, with this body.
    pub(crate) fn outer(&self, body: TokenTree) -> TokenStream {
        let mut outer = self.attributes.clone();
        outer.extend(self.visibility.clone());
        outer.extend(self.head());
        outer.extend([body]);
        outer
    }

    /// A call of the inner function.
    pub(crate) fn call(&self) -> TokenStream {
        [TokenTree::from(self.name.clone()), group('(', TokenStream::new())].into_iter().collect()
    }

    /// A function of this name that compiles.
    pub(crate) fn without_body(&self) -> TokenStream {
        let parts = [
            self.fn_keyword.clone().into(),
            self.name.clone().into(),
            self.parameters.clone().into(),
            group('{', TokenStream::new()),
        ];
        parts.into_iter().collect()
    }

    fn head(&self) -> TokenStream {
        let parts: [TokenTree; 3] =
            [self.fn_keyword.clone().into(), self.name.clone().into(), self.parameters.clone().into()];
        parts.into_iter().chain(self.output.clone()).collect()
    }
}

type Tokens = Peekable<token_stream::IntoIter>;

fn attributes(tokens: &mut Tokens) -> TokenStream {
    let mut attributes = TokenStream::new();
    while let Some(pound) = tokens.next_if(|token| is_punct(token, '#')) {
        attributes.extend([pound]);
        attributes.extend(tokens.next());
    }
    attributes
}

/// `pub`, and what may stand in parentheses behind it. From a macro, it comes in a group without brackets.
fn visibility(tokens: &mut Tokens) -> TokenStream {
    let is_group = |token: &TokenTree, delimiter| matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter);
    if let Some(group) = tokens.next_if(|token| is_group(token, Delimiter::None)) {
        return group.into();
    }
    let Some(keyword) = tokens.next_if(|token| token.to_string() == "pub") else { return TokenStream::new() };
    let mut visibility = TokenStream::from(keyword);
    visibility.extend(tokens.next_if(|token| is_group(token, Delimiter::Parenthesis)));
    visibility
}
