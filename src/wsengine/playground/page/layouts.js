// Where the states stand in the diagram, and which way each arrow goes. What there is, and why,
// comes from the engine; a transition without a route is drawn as a straight line.

const wide = {
  width: 940, height: 418, box: [128, 46],
  centers: {
    idle: [84, 64], opening: [310, 64], open: [580, 64], closing: [856, 64],
    waiting: [580, 232], stopped: [580, 374],
  },
  routes: {
    "idle opening": { points: [[148, 64], [246, 64]], label: [197, 55], columns: 12 },
    "opening open": { points: [[374, 64], [516, 64]], label: [445, 55], columns: 18 },
    "opening waiting": { points: [[320, 87], [320, 243], [516, 243]], label: [418, 260], columns: 24, below: true },
    "opening stopped": { points: [[290, 87], [290, 363], [516, 363]], label: [404, 354], columns: 30 },
    "open closing": { points: [[644, 64], [792, 64]], label: [718, 55], columns: 18 },
    "closing waiting": { points: [[840, 87], [840, 232], [644, 232]], label: [742, 223], columns: 26 },
    "closing stopped": { points: [[872, 87], [872, 374], [644, 374]], label: [758, 365], columns: 26 },
    "waiting opening": { points: [[516, 221], [350, 221], [350, 87]], label: [433, 212], columns: 26 },
    "waiting stopped": { points: [[580, 255], [580, 351]], label: [590, 308], columns: 12, anchor: "start" },
    "stopped opening": { points: [[516, 385], [260, 385], [260, 87]], label: [388, 402], columns: 26, below: true },
  },
};

const medium = {
  width: 640, height: 390, box: [112, 42],
  centers: {
    idle: [62, 222], opening: [186, 62], open: [354, 62], closing: [578, 62],
    waiting: [354, 222], stopped: [354, 352],
  },
  routes: {
    "idle opening": { points: [[62, 201], [62, 62], [130, 62]], label: [98, 53], columns: 9 },
    "opening open": { points: [[242, 62], [298, 62]], label: [270, 53], columns: 9 },
    "open closing": { points: [[410, 62], [522, 62]], label: [466, 53], columns: 15 },
    "opening waiting": { points: [[196, 83], [196, 233], [298, 233]], label: [204, 252], columns: 10, below: true, anchor: "start" },
    "opening stopped": { points: [[170, 83], [170, 342], [298, 342]], label: [234, 334], columns: 18 },
    "closing waiting": { points: [[566, 83], [566, 222], [410, 222]], label: [488, 213], columns: 24 },
    "closing stopped": { points: [[590, 83], [590, 352], [410, 352]], label: [500, 343], columns: 26 },
    "waiting opening": { points: [[298, 211], [222, 211], [222, 83]], label: [230, 202], columns: 10, anchor: "start" },
    "waiting stopped": { points: [[354, 243], [354, 331]], label: [362, 291], columns: 12, anchor: "start" },
    "stopped opening": { points: [[298, 362], [144, 362], [144, 83]], label: [221, 379], columns: 20, below: true },
  },
};

const narrow = {
  small: true, line: 14, width: 360, height: 436, box: [108, 42],
  centers: {
    idle: [68, 32], opening: [68, 150], open: [292, 32], closing: [292, 150],
    waiting: [198, 280], stopped: [198, 400],
  },
  routes: {
    "idle opening": { points: [[68, 53], [68, 129]], label: [76, 95], columns: 9, anchor: "start" },
    "opening open": { points: [[122, 150], [180, 150], [180, 32], [238, 32]], label: [173, 90], columns: 8, anchor: "end" },
    "open closing": { points: [[292, 53], [292, 129]], label: [285, 106], columns: 16, anchor: "end" },
    "closing waiting": { points: [[276, 171], [276, 280], [252, 280]], label: [269, 230], columns: 11, anchor: "end" },
    "closing stopped": { points: [[308, 171], [308, 400], [252, 400]], label: [301, 358], columns: 10, anchor: "end" },
    "waiting opening": { points: [[144, 272], [104, 272], [104, 171]], label: [111, 215], columns: 10, anchor: "start" },
    "opening waiting": { points: [[80, 171], [80, 288], [144, 288]], label: [88, 313], columns: 15, below: true, anchor: "start" },
    "opening stopped": { points: [[56, 171], [56, 391], [144, 391]], label: [63, 384], columns: 13, anchor: "start" },
    "stopped opening": { points: [[144, 408], [32, 408], [32, 171]], label: [40, 424], columns: 20, below: true, anchor: "start" },
    "waiting stopped": { points: [[198, 301], [198, 379]], label: [205, 344], columns: 9, anchor: "start" },
  },
};

/** The layout for a width in pixels. */
export const layoutFor = (width) => (width < 480 ? narrow : width < 780 ? medium : wide);
