{
  const listeners = [];
  for (const target of [window, document]) {
    target.addEventListener = (...told) => {
      listeners.push([target, ...told]);
      EventTarget.prototype.addEventListener.apply(target, told);
    };
  }
  document[Symbol.for("report serve")] = listeners;
}
