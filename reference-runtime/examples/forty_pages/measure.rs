//! The measuring process: fetches all pages once and prints what it cost.

use std::{sync::Arc, time::Instant};

use reference_runtime::stages::Front;

use crate::{
    case::{Case, Mode},
    counters::context_switches,
    source::{Answer, Source},
    surf_client::SurfClient,
};

/// What a run cost.
pub(crate) struct Cost {
    /// From before the first fetch is spawned until the last is joined.
    pub(crate) milliseconds: f64,
    /// Of all threads of the process in that time, those that ended included.
    pub(crate) switches: Option<u64>,
}

/// Runs one case on a fresh runtime.
///
/// # Errors
///
/// A sentence: the runtime cannot start, the server cannot be reached, or a page did not come whole.
pub(crate) fn measure(case: Case, source: &Source, workers: usize) -> Result<Cost, String> {
    let server = source.reach()?;
    let front = Front::new(case.stage, workers)
        .map_err(|error| format!("{} cannot start with {workers} workers: {error}", case.stage))?;
    match case.mode {
        Mode::Async => {
            let client = surf::Client::with_http_client(SurfClient::new(server));
            fetch_all(&front, source, |url| fetch_with_surf(client.clone(), url))
        }
        Mode::Direct => fetch_all(&front, source, fetch_directly),
        Mode::SpawnBlocking => fetch_all(&front, source, |url| fetch_on_the_pool(front.clone(), url)),
        Mode::BlockInPlace => fetch_all(&front, source, |url| fetch_in_place(front.clone(), url)),
    }
}

/// Fetches every page in a task of its own, all at once. This is the same code on every stage and in every mode.
fn fetch_all<F, Fetch>(front: &Front, source: &Source, fetch: F) -> Result<Cost, String>
where
    F: Fn(Arc<str>) -> Fetch,
    Fetch: Future<Output = Result<Answer, String>> + Send + 'static,
{
    let verify = source.verify;
    let urls: Vec<Arc<str>> = source.urls().map(Arc::from).collect();
    let switches_before = context_switches();
    let start = Instant::now();
    front.block_on(async {
        let fetches: Vec<_> = urls
            .into_iter()
            .map(|url| {
                let fetch = fetch(url.clone());
                front.spawn(async move { fetch.await.and_then(|answer| answer.check(&url, verify)) })
            })
            .collect();
        for fetched in fetches {
            fetched.await?;
        }
        Ok::<_, String>(())
    })?;
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    let switches =
        context_switches().zip(switches_before).map(|(after, before)| after.saturating_sub(before));
    Ok(Cost { milliseconds, switches })
}

async fn fetch_with_surf(client: surf::Client, url: Arc<str>) -> Result<Answer, String> {
    let failed = |error: surf::Error| format!("cannot fetch {url}: {error}");
    let mut response = client.get(&*url).await.map_err(failed)?;
    if response.header("content-length").is_none() && response.header("transfer-encoding").is_none() {
        // async-h1 takes such a body for an empty one.
        return Err(format!("{url} came without Content-Length and without chunks, so its end is unknown"));
    }
    let body = response.body_bytes().await.map_err(failed)?;
    let header = |name: &str| response.header(name).map(|values| values.last().as_str().to_string());
    Ok(Answer::new(response.status().into(), header, body))
}

/// The mistake in question: nothing in an `async fn` stops anyone from calling a function that blocks.
async fn fetch_directly(url: Arc<str>) -> Result<Answer, String> {
    fetch_blocking(&url)
}

async fn fetch_on_the_pool(front: Front, url: Arc<str>) -> Result<Answer, String> {
    front.spawn_blocking(move || fetch_blocking(&url)).await
}

async fn fetch_in_place(front: Front, url: Arc<str>) -> Result<Answer, String> {
    front.block_in_place(|| fetch_blocking(&url))
}

fn fetch_blocking(url: &str) -> Result<Answer, String> {
    let failed = |error: attohttpc::Error| format!("cannot fetch {url}: {error}");
    // No proxies and no redirects, as surf has none.
    let request = attohttpc::get(url)
        .proxy_settings(attohttpc::ProxySettings::builder().build())
        .follow_redirects(false);
    let (status, headers, reader) = request.send().map_err(failed)?.split();
    let body = reader.bytes().map_err(failed)?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_string);
    Ok(Answer::new(status.as_u16(), header, body))
}
