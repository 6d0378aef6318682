use std::sync::mpsc;
use tiny::executor::Executor;

fn main() {
    let executor = Executor::start();
    let (sender, receiver) = mpsc::channel();
    drop(executor.spawn(async move { sender.send("the task ran") }));
    println!("{}", receiver.recv().unwrap_or("the sender was dropped"));
}
