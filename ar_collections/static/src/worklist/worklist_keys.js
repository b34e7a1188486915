const NOT_TYPED_IN = ["button", "checkbox", "radio", "submit"];
const MOVES = ["j", "k", "ArrowDown", "ArrowUp"];

/** Whether somebody is writing: a tick of an item is no writing, its keys still belong to us. */
export function isTyping(ev) {
    const { target } = ev;
    if (target.tagName === "INPUT") {
        return !NOT_TYPED_IN.includes(target.type);
    }
    return ["TEXTAREA", "SELECT"].includes(target.tagName) || Boolean(target.isContentEditable);
}

/** Whether a key is meant for the worklist: nothing lies over it, no shortcut of the browser. */
export function isForList(ev) {
    const isShortcut = ev.ctrlKey || ev.altKey || ev.metaKey;
    return !isShortcut && !document.querySelector(".modal, .o_popover");
}

/** A key that is held down goes through the list; it writes nothing down. */
export function isHeld(ev) {
    return ev.repeat && !MOVES.includes(ev.key);
}
