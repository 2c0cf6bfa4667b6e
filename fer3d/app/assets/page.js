// What the page does without the server: size limit, choice of the face, camera.
(() => {
  const MAX_BYTES = 20e6;  // as fer3d.app.photo
  const FULL_HD = {width: {ideal: 1280}, height: {ideal: 720}, facingMode: "user"};
  const byId = (id) => document.getElementById(id);
  const unchanged = () => window.dash_clientside.no_update;

  const photo = (contents) => {
    const bytes = 0.75 * (contents.length - contents.indexOf(","));
    return bytes > MAX_BYTES ? {problem: "The file is larger than 20 MB."} : {contents};
  };

  const show = (id, shown) => { byId(id).hidden = !shown; };
  let stream = null;

  const startCamera = async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({video: FULL_HD});
    } catch (error) {
      const problem = `The camera cannot be used: ${error.message}.`;
      window.dash_clientside.set_props("photo", {data: {problem}});
      return;
    }
    byId("camera-video").srcObject = stream;
    show("camera", true);
    show("camera-start", false);
  };

  const stopCamera = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    show("camera", false);
    show("camera-start", true);
  };

  const takePhoto = () => {
    const video = byId("camera-video");
    if (!video.videoWidth) return;
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    window.dash_clientside.set_props("photo", {data: photo(canvas.toDataURL("image/png"))});
    stopCamera();
  };

  const BUTTONS = {
    "camera-start": startCamera, "camera-take": takePhoto, "camera-stop": stopCamera,
  };
  document.addEventListener("click", (event) => BUTTONS[event.target.id]?.());

  // browsers lend the camera only to pages of this machine and of encrypted connections
  let camera = null;
  const offerCamera = () => {
    if (camera !== null || !byId("camera-start")) return;
    camera = Boolean(navigator.mediaDevices);
    show("camera-start", camera);
  };

  // Dash gives its lists the roles of a drop-down list, and some inputs no name
  const NAMES = {
    "#upload input": "photo",
    "#drawn": "what is drawn",
    "#number": "face",
    "#branches": "branches of the network",
    "#azimuth input, #azimuth [role=slider]": "light from the side, degrees",
    "#elevation input, #elevation [role=slider]": "light from below or above, degrees",
  };
  const describe = () => {
    for (const list of document.querySelectorAll("[role=listbox]")) list.role = "group";
    for (const label of document.querySelectorAll("label[role], label[aria-selected]")) {
      label.removeAttribute("role");
      label.removeAttribute("aria-selected");
    }
    for (const [selector, name] of Object.entries(NAMES)) {
      for (const element of document.querySelectorAll(selector)) element.ariaLabel = name;
    }
  };

  new MutationObserver(() => { offerCamera(); describe(); }).observe(document, {
    childList: true, subtree: true, attributeFilter: ["role", "aria-selected"],
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    app: {
      chosen: (contents) => (contents ? photo(contents) : unchanged()),
      picked: (faces, pictures, number) => {
        if (!faces || number === null || number === undefined) return Array(3).fill(unchanged());
        return [faces[number], pictures.aligned[number], pictures.shading[number]];
      },
      drawn: (pictures, parts) => (
        pictures ? pictures[parts.includes("mesh") ? "mesh" : "plain"] : unchanged()
      ),
    },
  });
})();
