/** The look of the page, light and dark. */
export const style = `
:root{color-scheme:light dark;--back:light-dark(#f6f6f7,#17181a);--pane:light-dark(#fff,#1f2023);--text:light-dark(#1b1c1e,#ececee);
--dim:light-dark(#595c61,#a9adb4);--line:light-dark(#d5d7db,#3a3c41);--accent:light-dark(#0b57b0,#8ab8ff);--chosen:light-dark(#dfeafb,#2a3b55);--bad:light-dark(#a3160c,#ff9d94)}
:root.light{color-scheme:light}:root.dark{color-scheme:dark}
*{box-sizing:border-box}
html,body{height:100%;margin:0}
body{display:grid;grid-template:auto 1fr/15rem 1fr;font:15px/1.45 system-ui,sans-serif;background:var(--back);color:var(--text)}
header{grid-column:1/-1;display:flex;gap:.5rem;align-items:center;padding:.5rem .75rem;border-bottom:1px solid var(--line);background:var(--pane);flex-wrap:wrap}
h1{font-size:1.05rem;margin:0 auto 0 0}h2{font-size:1rem;margin:0;padding:.6rem .75rem;border-bottom:1px solid var(--line)}h3{font-size:.95rem;margin:1rem 0 .3rem}
button,input,select,textarea{font:inherit;color:inherit;background:var(--pane);border:1px solid var(--line);border-radius:.35rem;padding:.3rem .6rem}
button{cursor:pointer}button:hover{border-color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:1px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
nav{overflow:auto;border-right:1px solid var(--line);padding:.5rem}
nav h2{border:0;padding:.6rem .4rem .2rem;overflow-wrap:anywhere}
nav ul,#list{list-style:none;margin:0;padding:0}
nav button,#list button{width:100%;text-align:left;border-color:transparent;background:none}
nav button{display:flex;justify-content:space-between;gap:.5rem}
[aria-current=true]{background:var(--chosen)!important}
.dim{color:var(--dim)}.bad{color:var(--bad)}
main{display:grid;grid-template-columns:minmax(15rem,2fr) 5fr;min-height:0;min-width:0}
#list-pane{display:flex;flex-direction:column;min-height:0;border-right:1px solid var(--line);background:var(--pane)}
#list{overflow:auto;flex:1}#list li{border-bottom:1px solid var(--line)}
#list button{display:block;border-radius:0;padding:.45rem .75rem;overflow-wrap:anywhere}
#list .unread{font-weight:600}
#details{overflow:auto;padding:.75rem 1rem;min-width:0}
.tabs{display:flex;gap:.4rem;margin:.6rem 0;flex-wrap:wrap}
pre{background:var(--pane);border:1px solid var(--line);border-radius:.35rem;padding:.6rem;overflow:auto;margin:0;font:13px/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
iframe{width:100%;height:60vh;border:1px solid var(--line);border-radius:.35rem;background:#fff}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}th{font-weight:600}
.side{display:grid;grid-template-columns:1fr 1fr;gap:.75rem}.side section{min-width:0}
dialog{color:inherit;background:var(--pane);border:1px solid var(--line);border-radius:.5rem;width:min(40rem,92vw);max-height:90vh;overflow:auto}
dialog::backdrop{background:#0008}
dialog h2{border:0;padding:0 0 .6rem}
form{display:grid;gap:.6rem}form label{display:grid;gap:.2rem}form .row{display:flex;gap:.5rem;justify-content:flex-end}
#status{position:fixed;bottom:.5rem;right:.75rem;margin:0;padding:.3rem .7rem;background:var(--text);color:var(--back);border-radius:.35rem}#status:empty{display:none}
@media (max-width:60rem){body{grid-template:auto auto 1fr/1fr}nav{border-right:0;max-height:11rem}main{grid-template-columns:1fr;overflow:auto}.side{grid-template-columns:1fr}}
@media (prefers-reduced-motion:reduce){*{transition:none!important}}
`;
